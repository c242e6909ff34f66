/**
 * Removing the oldest runs of a manageable. The last run stays in any case: from its number follows that of the next one. So a
 * run's number is never given twice, and a start that saw an older state finds that it comes late (see publishRun).
 */
import { errnoOf } from '../errors.ts'
import { isAlive } from '../system/process.ts'
import { DamagedFile } from './damage.ts'
import { listDirectory } from './files.ts'
import { hideDirectory, publishDirectory, removeDirectory, sweepTemporaries } from './hidden.ts'
import { manageableFiles } from './layout.ts'
import { isStarterAlive, listRuns, type Run, readJournal, readStarter } from './run-store.ts'
import { sync } from './sync.ts'

/**
 * Removes all runs but the last ones, with their output.
 * @param keep how many stay, at least 1
 * @returns the numbers of those that were removed
 * @throws SpmiError `damaged` for one of which nobody knows whether it is over; it stays, and the others have been removed. After a
 *   system error that was met before the removal they are all back in their places.
 */
export async function removeOldRuns(directory: string, keep: number): Promise<number[]> {
  const runs = manageableFiles.runs(directory)
  const old = listRuns(directory).slice(0, -Math.max(1, keep))
  if (old.length === 0) return []
  sweepTemporaries(runs, listDirectory(runs) ?? []) // what crashes of others left
  const hidden = new Map<number, string>()
  let damaged: DamagedFile | undefined
  try {
    for (const run of old) {
      const state = stateOf(run)
      const path = state === 'over' ? hide(run) : undefined
      if (path !== undefined) hidden.set(run.number, path)
      if (state instanceof DamagedFile) damaged ??= state
    }
    if (hidden.size > 0) await sync([runs])
  } catch (error) {
    for (const [number, path] of hidden) publishDirectory(path, manageableFiles.run(directory, number))
    throw error
  }
  for (const path of hidden.values()) removeDirectory(path)
  if (damaged) throw damaged
  return [...hidden.keys()]
}

/**
 * Whether a run is active: its wrapper lives, or is yet to come. An older run than the last one is over, but under its number
 * there may be another one by now, where the manageable was removed meanwhile, and loaded and started again.
 */
function stateOf(run: Run): 'active' | 'over' | DamagedFile {
  try {
    const journal = readJournal(run)
    if (journal?.claimed) return isAlive(journal.claimed.wrapper) ? 'active' : 'over'
    if (journal) return journal.damage ?? 'over'
    const starter = readStarter(run)
    return starter !== undefined && isStarterAlive(starter) ? 'active' : 'over'
  } catch (error) {
    if (error instanceof DamagedFile) return error
    throw error
  }
}

/** @returns its hidden path; undefined when somebody else was first, or it is none to remove */
function hide(run: Run): string | undefined {
  try {
    return hideDirectory(run.directory, directory => stateOf({ ...run, directory }) === 'over')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
