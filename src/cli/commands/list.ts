/** list: all manageables in the table of the guide. With any option but --quiet the long list takes over. */
import { list } from '../../verbs/list.ts'
import { damageOf } from '../../verbs/show.ts'
import type { LIST_OPTIONS } from '../command-options.ts'
import type { OptionValues } from '../options.ts'
import { renderList } from '../render.ts'
import { explainDamaged, explainForeign } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { paintFor } from '../style.ts'

export type ListOptions = OptionValues<typeof LIST_OPTIONS>

/** Shows all manageables. */
export async function runList(session: Session<ListOptions>): Promise<ExitStatus> {
  if (!isPlain(session)) return (await import('./list-long.ts')).runLongList(session)
  const { context, log, catalog } = session
  const { shown, damaged, foreign } = await list(catalog)
  log.info(`Registered ${shown.length} manageables`)
  context.stdout.write(await renderList(shown, paintFor(context.stdout, context)))
  explainForeign(log, catalog, foreign)
  return explainDamaged(log, [...damaged, ...damageOf(shown.map(({ status }) => status))])
}

function isPlain({ json, operands, options }: Session<ListOptions>): boolean {
  const { long, active, inactive, failed, lost, backend, sort, reverse } = options
  const isWhole = operands.length === 0 && !(active || inactive || failed || lost) && backend.length === 0
  return isWhole && json === undefined && !long && sort === undefined && !reverse
}
