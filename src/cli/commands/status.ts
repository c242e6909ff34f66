/** status: the selected manageables in detail. */
import { status } from '../../verbs/status.ts'
import { renderStatus } from '../render.ts'
import { explainSelection } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { paintFor } from '../style.ts'

/** Shows the selected manageables in detail. */
export async function runStatus({ context, log, json, catalog, operands }: Session): Promise<ExitStatus> {
  const selection = await status(catalog, operands)
  const style = { now: context.now(), zone: context.environment.TZ, paint: paintFor(context.stdout, context) }
  if (json) json.addShown(selection.shown)
  else for (const shown of selection.shown) context.stdout.write(renderStatus(shown, style))
  if (selection.shown.length > 0) log.info(`Showed ${selection.shown.length} manageables`)
  return explainSelection(log, selection, 'show')
}
