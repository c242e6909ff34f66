/** status: the selected manageables in detail. */
import type { SpmiError } from '../../errors.ts'
import { readTail } from '../../verbs/show.ts'
import { status } from '../../verbs/status.ts'
import { renderStatus, TAIL_LINES } from '../render.ts'
import { explainDamaged, explainSelection } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { paintFor } from '../style.ts'

/** Shows the selected manageables in detail. */
export async function runStatus({ context, log, json, catalog, operands }: Session): Promise<ExitStatus> {
  const selection = await status(catalog, operands)
  const style = { now: context.now(), zone: context.environment.TZ, paint: paintFor(context.stdout, context) }
  const statuses = selection.shown.map(shown => shown.status)
  const unreadable: SpmiError[] = []
  if (json) json.addShown(selection.shown, unreadable)
  else
    for (const shown of selection.shown)
      context.stdout.write(renderStatus(shown, readTail(shown, TAIL_LINES, unreadable), style))
  if (selection.shown.length > 0) log.info(`Showed ${selection.shown.length} manageables`)
  return Math.max(explainDamaged(log, unreadable), explainSelection(log, selection, 'show', statuses))
}
