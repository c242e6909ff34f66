/** history: the runs of the selected manageables in a table. */
import { durationOf } from '../../core/facts.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { type History, history } from '../../verbs/history.ts'
import { formatDuration, formatTable, formatTime } from '../format.ts'
import { explainSelection } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { makeOneLine, paintFor } from '../style.ts'

const HEAD = ['ID', 'RUN', 'STARTED', 'DURATION', 'BACKEND', 'END']

/** Shows the runs of the selected manageables, oldest first. */
export async function runHistory({ context, log, json, catalog, operands }: Session): Promise<ExitStatus> {
  const selection = await history(catalog, operands)
  const { histories, manageables } = selection
  const now = context.now()
  const count = histories.reduce((sum, { runs }) => sum + runs.length, 0)
  if (json) json.addHistories(histories)
  else if (manageables.length > 0) {
    const rows = histories.flatMap(found => toRows(found, now, context.environment.TZ))
    const [head = '', ...lines] = await formatTable([HEAD, ...rows])
    context.stdout.write(`${[paintFor(context.stdout, context)(head, 'bold'), ...lines].join('\n')}\n`)
    log.info(`Showed ${count} runs of ${manageables.length} manageables`)
  }
  return explainSelection(
    log,
    selection,
    'show',
    histories.flatMap(({ runs }) => runs),
  )
}

function toRows({ manageable, runs }: History, now: Date, zone: string | undefined): string[][] {
  return runs.map(run => {
    const seconds = durationOf(run, run.state, now)
    return [
      manageable.id,
      String(run.number),
      run.startedAt === undefined ? '' : formatTime(run.startedAt, zone),
      seconds === undefined ? '' : formatDuration(seconds * 1000),
      run.backendType ?? '',
      makeOneLine(describeEnd(run)),
    ]
  })
}

/** How it ended: `0`, `143 (SIGTERM)`, `lost`, `start failed: …`; or that it has not: `active`, `active (stopping)`. */
function describeEnd({ state, words, exit }: RunSummary): string {
  if (state === 'inactive') return words ?? exit ?? 'ended'
  return words === undefined ? state : `${state} (${words})`
}
