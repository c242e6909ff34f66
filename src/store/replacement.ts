/**
 * Puts a new descriptor in the place of a loaded one: descriptor, record and load time change together, with the rename of the
 * record, which is what every command reads.
 *
 * The new files appear whole as the directory `<id>/.reload`. While the record is in there, nothing has changed. Once it was
 * renamed to its place, what is still in there belongs to it, and is read from there; then the rest follows. Anybody can take
 * each of these steps: who finds the directory of somebody else, who may be dead, goes on with it.
 */
import { renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../errors.ts'
import { asDamaged } from './damage.ts'
import { isThere, listDirectory } from './files.ts'
import {
  makeHiddenDirectory,
  publishDirectory,
  removeAtOnce,
  removeDirectory,
  sweepTemporaries,
} from './hidden.ts'
import { isDescriptor, manageableFiles } from './layout.ts'
import { sync, syncFolders } from './sync.ts'

/** The directories in which those files of a manageable may be that belong to its record, the newer one first. */
export function placesOf(directory: string): string[] {
  const stage = manageableFiles.stage(directory)
  const isChanging = isThere(stage) && !isThere(manageableFiles.record(stage))
  return isChanging ? [stage, directory] : [directory]
}

/**
 * Replaces the record of a manageable and the files that belong to it.
 * @param fill makes the new files in a directory
 */
export async function replaceRecord(directory: string, fill: (hidden: string) => void): Promise<void> {
  sweepTemporaries(directory, listDirectory(directory) ?? [])
  const stage = manageableFiles.stage(directory)
  const hidden = makeHiddenDirectory(directory, 'new')
  try {
    fill(hidden)
    await syncFolders([hidden])
    while (!publishDirectory(hidden, stage)) {
      moveRecord(directory)
      finish(directory)
    }
  } catch (error) {
    removeDirectory(hidden)
    throw error
  }
  try {
    moveRecord(directory)
  } catch (error) {
    removeAtOnce(stage)
    throw error
  }
  try {
    finish(directory)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error // else it has changed all the same, and the next one goes on with it
  }
  await sync([directory])
}

function moveRecord(directory: string): void {
  move(manageableFiles.record(manageableFiles.stage(directory)), manageableFiles.record(directory))
}

/** What follows the record. */
function finish(directory: string): void {
  const stage = manageableFiles.stage(directory)
  const names = listDirectory(stage) ?? []
  const descriptor = names.find(isDescriptor)
  // One of another format goes first: as long as ours is in the stage, it is not read.
  if (descriptor !== undefined)
    for (const name of listDirectory(directory) ?? [])
      if (isDescriptor(name) && name !== descriptor) rmSync(join(directory, name), { force: true })
  for (const name of names) move(join(stage, name), join(directory, name))
  try {
    rmdirSync(stage)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error // that of somebody else by now
  }
}

/** Renames a file, which somebody else may have done. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (errnoOf(error) === 'EISDIR') throw asDamaged(to, error)
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
