/** Files and folders of other programs, such as those of sockets: who may use them. */
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { errnoOf } from '../errors.ts'

/** A folder, as it is now. */
export interface Folder {
  readonly isOurs: boolean
  /** Its permissions, without the bits that mean something else than access: 0o700. */
  readonly mode: number
  readonly isWritable: boolean
}

/** What there is to know of a folder; undefined when there is none. */
export function lookAtFolder(path: string): Folder | undefined {
  try {
    const stats = statSync(path)
    if (!stats.isDirectory()) return undefined
    return { isOurs: stats.uid === getuid?.(), mode: stats.mode & 0o777, isWritable: isWritable(path) }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

/** A folder in another one that is ours, by the beginning of its name. */
export function findOwnFolder(parent: string, prefix: string): string | undefined {
  if (lookAtFolder(parent) === undefined) return undefined
  return readdirSync(parent)
    .filter(name => name.startsWith(prefix))
    .map(name => join(parent, name))
    .find(path => lookAtFolder(path)?.isOurs)
}

/** Whether a program runs with the rights of its owner or group (set-user-ID, set-group-ID). */
export function hasRightsOfItsOwn(program: string): boolean {
  return ((statSync(program, { throwIfNoEntry: false })?.mode ?? 0) & 0o6000) !== 0
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
