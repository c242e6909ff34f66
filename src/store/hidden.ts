/**
 * Hidden names: what is being made has one until it is whole, and what is being removed gets one first, so that nobody sees half of
 * it. The name says who made it; what a crash leaves is swept.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf } from '../errors.ts'
import { isAlive, thisProcess } from '../system/process.ts'

/**
 * Makes a directory under a hidden name, to be filled and then renamed to its own.
 * @returns its path
 */
export function makeHiddenDirectory(parent: string, kind: 'new' | 'gone'): string {
  const path = join(parent, temporaryName(kind))
  mkdirSync(path, { mode: 0o700 })
  return path
}

/**
 * Renames a hidden directory, which is not empty, to its own name. rename(2) refuses a name that is taken by a
 * directory that is not empty, so of two only one gets it.
 * @returns false when the name is taken
 */
export function publishDirectory(hidden: string, path: string): boolean {
  try {
    renameSync(hidden, path)
    return true
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false
    throw error
  }
}

/** Removes a directory and all that it holds; one that is gone already is fine. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

/**
 * Takes the name from a directory that is to be removed, so that nobody sees half of it. That is to be on the disk before anything in
 * it is removed. What a crash leaves has a hidden name, which is swept.
 * @param mayGo looks at it once more under its hidden name, where nobody reaches it, and says whether it may go; else it is put back
 * @returns its hidden path; undefined when it was put back
 * @throws ENOENT as a system error when it is gone already; what `mayGo` throws, after it was put back
 */
export function hideDirectory(
  path: string,
  mayGo: (hidden: string) => boolean = () => true,
): string | undefined {
  const hidden = join(dirname(path), temporaryName('gone'))
  renameSync(path, hidden)
  try {
    if (mayGo(hidden)) return hidden
  } catch (error) {
    publishDirectory(hidden, path)
    throw error
  }
  return publishDirectory(hidden, path) ? undefined : hidden
}

/** Removes at once what nobody was told of yet. @returns whether it has gone @throws as `hideDirectory` does */
export function removeAtOnce(path: string, mayGo?: (hidden: string) => boolean): boolean {
  const hidden = hideDirectory(path, mayGo)
  if (hidden !== undefined) removeDirectory(hidden)
  return hidden !== undefined
}

let made = 0

/** A hidden name that says who made it, and is made once: `.KIND-PID-START-BOOT-COUNT-HOST`. */
export function temporaryName(kind: 'new' | 'gone'): string {
  const { pid, start, boot, host } = thisProcess()
  return `.${kind}-${pid}-${start}-${boot.slice(0, 8)}-${++made}-${host}`
}

const TEMPORARY = /^\.(?:new|gone)-(\d+)-(\d+)-([0-9a-f]*)-\d+-(.*)$/

/**
 * Removes what dead makers of this host left under hidden names. What another host made is left to it, and what cannot be removed
 * stays: nobody's work rests on it.
 */
export function sweepTemporaries(directory: string, names: readonly string[]): void {
  const here = thisProcess()
  for (const name of names) {
    const [, pid, start, boot, host] = TEMPORARY.exec(name) ?? []
    if (host !== here.host) continue
    const isThisBoot = here.boot.startsWith(boot ?? '')
    if (isThisBoot && isAlive({ ...here, pid: Number(pid), start: Number(start) })) continue
    try {
      removeDirectory(join(directory, name))
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
    }
  }
}
