/** prune: removes old runs of the selected manageables, with their output. */
import type { Catalog } from '../core/catalog.ts'
import type { Manageable } from '../core/manageable.ts'
import { settleAll } from '../core/settle-all.ts'
import { asSpmiError, SpmiError } from '../errors.ts'
import { removeOldRuns } from '../store/old-runs.ts'
import { each, type Progress, type Report } from './select.ts'

/** What was removed. */
export interface PruneReport extends Report {
  /** The numbers of the runs that were removed, of each manageable that does not keep all of its runs. */
  readonly removed: ReadonlyMap<Manageable, readonly number[]>
}

/**
 * Removes all but the last runs of the selected manageables. The last run of each and what is active stays in any case.
 * @param keep how many runs stay, at least 1; undefined for what the descriptors say, which may be that all stay
 * @throws SpmiError `usage` for an invalid pattern
 */
export async function prune(
  catalog: Catalog,
  patterns: readonly string[],
  keep?: number,
  progress?: Progress,
): Promise<PruneReport> {
  const removed = new Map<Manageable, readonly number[]>()
  const report = await each(
    catalog,
    patterns,
    (_, items) =>
      settleAll(items, async item => {
        const count = keep ?? item.keepRuns
        if (count !== undefined) removed.set(item, await removeRuns(item, count))
      }),
    progress,
  )
  return { ...report, removed }
}

async function removeRuns({ id, directory }: Manageable, keep: number): Promise<readonly number[]> {
  try {
    return await removeOldRuns(directory, keep)
  } catch (error) {
    const { code, message } = asSpmiError(error, 'a run cannot be removed')
    throw new SpmiError(code, `cannot prune manageable "${id}": ${message}`, { cause: error, id })
  }
}
