/**
 * Removing the oldest runs of a manageable. The last run stays in any case: from its number follows that of the next one. So a
 * run's number is never given twice, and a start that saw an older state finds that it comes late (see publishRun).
 */
import { errnoOf } from '../errors.ts'
import { isAlive } from '../system/process.ts'
import { Damage } from './damage.ts'
import { listDirectory } from './files.ts'
import { hideDirectory, removeDirectory, sweepTemporaries } from './hidden.ts'
import { manageableFiles } from './layout.ts'
import { isStarterAlive, listRuns, type Run, readJournal, readStarter } from './run-store.ts'
import { sync } from './sync.ts'

/**
 * Removes all runs but the last ones, with their output.
 * @param keep how many stay, at least 1
 * @returns the numbers of those that were removed
 */
export async function removeOldRuns(directory: string, keep: number): Promise<number[]> {
  const runs = manageableFiles.runs(directory)
  const old = listRuns(directory).slice(0, -Math.max(1, keep))
  if (old.length === 0) return []
  const hidden = new Map<number, string>()
  for (const run of old) {
    const path = isActive(run) ? undefined : hide(run)
    if (path !== undefined) hidden.set(run.number, path)
  }
  if (hidden.size > 0) await sync([runs])
  for (const path of hidden.values()) removeDirectory(path)
  sweepTemporaries(runs, listDirectory(runs) ?? []) // what crashes of others left
  return [...hidden.keys()]
}

/**
/**
 * A run whose wrapper lives, or is yet to come: none to remove. An older run than the last one is over, but under its number
 * there may be another one by now, where the manageable was removed meanwhile, and loaded and started again. Of one with damaged files
 * nobody knows.
 */
function isActive(run: Run): boolean {
  const damage = new Damage('')
  const journal = readJournal(run)
  if (journal?.claimed) return isAlive(journal.claimed.wrapper)
  const starter = journal === undefined ? damage.read(() => readStarter(run)) : undefined
  if (journal?.damage ?? damage.found[0]) return true
  return starter !== undefined && isStarterAlive(starter)
}

/** @returns its hidden path; undefined when somebody else was first, or it is none to remove */
function hide(run: Run): string | undefined {
  try {
    return hideDirectory(run.directory, directory => !isActive({ ...run, directory }))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
