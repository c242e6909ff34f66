/** prune: removes old runs of the selected manageables. */
import { prune } from '../../verbs/prune.ts'
import type { PRUNE_OPTIONS } from '../command-options.ts'
import type { OptionValues } from '../options.ts'
import { explainReport } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Removes old runs of the selected manageables, and says of each how many. */
export async function runPrune({
  log,
  json,
  catalog,
  operands,
  options,
}: Session<OptionValues<typeof PRUNE_OPTIONS>>): Promise<ExitStatus> {
  const report = await prune(catalog, operands, options.keep, {
    onBegin: ({ id }) => log.info(`Pruning manageable "${id}"`),
  })
  let count = 0
  for (const manageable of report.done) {
    const removed = report.removed.get(manageable)
    count += removed?.length ?? 0
    if (removed === undefined)
      log.info(`Manageable "${manageable.id}" keeps all its runs: its descriptor has no keep_runs`)
  }
  json?.addPruned(report)
  return explainReport(log, report, 'prune', `Removed ${count} runs of ${report.done.length} manageables`)
}
