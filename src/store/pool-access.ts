/** Whether a pool may be used: it is ours alone, and of a layout that we know. */
import { type Stats, statSync } from 'node:fs'
import { getuid } from 'node:process'
import { SpmiError } from '../errors.ts'
import { listDirectory, readSmallFile } from './files.ts'
import { FORMAT, poolFiles } from './layout.ts'

/**
 * Checks a pool; one that does not exist is fine.
 * @throws SpmiError `pool` when somebody else could read or write it, or a newer SPMI made it
 */
export function checkPool(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return
  checkAccess(path, stats)
  const text = readSmallFile(poolFiles(path).format)
  if (text !== undefined && Number(text) > FORMAT)
    throw new SpmiError('pool', `the pool "${path}" was made by a newer SPMI (format ${text.trim()})`, {
      hint: 'use that version, or another $SPMI_PATH',
    })
}

function checkAccess(path: string, stats: Stats): void {
  const refuse = (reason: string, hint?: string): never => {
    throw new SpmiError('pool', `the pool "${path}" ${reason}`, { hint })
  }
  if (!stats.isDirectory()) refuse('is not a directory', 'set $SPMI_PATH to one')
  if (stats.uid !== getuid?.()) refuse('belongs to another user', 'set $SPMI_PATH to a directory of yours')
  if ((stats.mode & 0o077) === 0) return
  const isFresh = (stats.mode & 0o022) === 0 && listDirectory(path)?.length === 0
  if (!isFresh) refuse('is open to other users', `chmod 700 "${path}" closes it`)
}
