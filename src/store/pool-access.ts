/**
 * Who else can read or change a pool: nobody may, because in it are scripts that are run, and environments with secrets. Also looks at the folders
 * above it, where a pool could be taken away and another one put into its place.
 */
import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { errnoOf, SpmiError } from '../errors.ts'
import { DamagedFile } from './damage.ts'
import { listDirectory, readSmallFile } from './files.ts'
import { FORMAT, poolFiles } from './layout.ts'

/** How many symlinks may be on the way; the kernel follows no more. Source: path_resolution(7). */
const LINKS = 40

/** @throws SpmiError `pool` when somebody else could read, change or replace the pool at a path. @returns whether there is one */
export function checkAccess(path: string): boolean {
  const refuse = (reason: string, hint?: string): never => {
    throw new SpmiError('pool', `the pool "${path}" ${reason}`, { hint })
  }
  const stats = seek(path)
  if (typeof stats === 'string')
    return refuse(`cannot be used (${stats})`, 'set $SPMI_PATH to a directory of yours')
  const open = findOpenWay(path)
  if (open !== undefined) refuse(...open)
  if (!stats) return false
  if (!stats.isDirectory()) refuse('is not a directory', 'set $SPMI_PATH to one')
  if (stats.uid !== getuid?.()) refuse('belongs to another user', 'set $SPMI_PATH to a directory of yours')
  if ((stats.mode & 0o077) === 0) return true
  const isFresh = (stats.mode & 0o022) === 0 && listDirectory(path)?.length === 0
  if (!isFresh) refuse('is open to other users', `chmod 700 "${path}" closes it`)
  return true
}

/**
 * What lets everybody lead us to another pool: a folder on the way in which they may rename what is not theirs, or a link that is
 * theirs. (Who owns a folder on the way, and its group, are trusted, as by everything else that is there.)
 * @returns the end of a sentence and what mends it
 */
function findOpenWay(path: string): [reason: string, hint: string] | undefined {
  const names = path.split('/')
  let folder = '/'
  for (let links = 0; names.length > 0 && links <= LINKS; ) {
    if (isOpen(look(folder)))
      return [
        `can be replaced: everybody may write to "${folder}"`,
        `chmod +t "${folder}" keeps others from it`,
      ]
    const next = join(folder, names.shift() ?? '')
    const stats = look(next)
    if (!stats?.isSymbolicLink()) {
      folder = next
      continue
    }
    if (stats.uid !== 0 && stats.uid !== getuid?.())
      return [`is reached by a link of another user, "${next}"`, 'set $SPMI_PATH to the folder itself']
    links++
    const target = readlinkSync(next)
    names.unshift(...target.split('/'))
    if (target.startsWith('/')) folder = '/'
  }
  return undefined
}

/**
 * Why a file that is to be run as part of this program must not be: a link leads out of the pool, where others may change it. What lies in the pool
 * itself nobody else can reach.
 * @returns the end of a sentence; undefined when it may be run
 */
export function refuseProgram(pool: string, file: string): string | undefined {
  const real = realpathSync(file)
  if (real.startsWith(`${realpathSync(pool)}/`)) return undefined
  const stats = statSync(real)
  const isOurs = stats.uid === 0 || stats.uid === getuid?.()
  if (!isOurs) return `leads to "${real}", which belongs to another user`
  if ((stats.mode & 0o002) !== 0 || findOpenWay(real)) return `leads to "${real}", which everybody may change`
  return undefined
}

/** What is at a path, or the error by which that cannot be known. */
function seek(path: string): Stats | undefined | string {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) throw error
    return errno
  }
}

/** Whether everybody may write to a folder and is not kept from what belongs to others (the sticky bit). Source: inode(7). */
function isOpen(stats: Stats | undefined): boolean {
  return stats !== undefined && (stats.mode & 0o1002) === 0o0002
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined // whoever cannot see it cannot use the pool either
  }
}

/** The format of a pool. @throws SpmiError `damaged`; `pool` for a newer one */
export function checkFormat(path: string): void {
  const file = poolFiles(path).format
  const text = readSmallFile(file) ?? String(FORMAT)
  if (!/^\d{1,9}\s*$/.test(text)) throw new DamagedFile(file, 'it is not a number')
  if (Number(text) > FORMAT)
    throw new SpmiError('pool', `the pool "${path}" was made by a newer SPMI (format ${text.trim()})`, {
      hint: 'use that version, or another $SPMI_PATH',
    })
}
