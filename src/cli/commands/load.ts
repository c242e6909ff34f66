/** load and reload: descriptors into the pool. */
import { load, type Reloaded, reload } from '../../verbs/load.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Loads descriptors, all or none. */
export async function runLoad({ context, log, json, catalog, operands }: Session): Promise<ExitStatus> {
  const manageables = await load(catalog, operands, context.cwd)
  const { length } = manageables
  json?.addManageables(manageables)
  log.info(`Loaded ${length} ${length === 1 ? 'manageable' : 'manageables'}`)
  return 0
}

/** Replaces the descriptors of manageables. */
export async function runReload(session: Session): Promise<ExitStatus> {
  const reloaded = await reload(session.catalog, session.operands, session.context.cwd)
  explainReloaded(session, reloaded)
  const { length } = reloaded.manageables
  session.log.info(`Reloaded ${length} ${length === 1 ? 'manageable' : 'manageables'}`)
  return 0
}

/** Says for which the new descriptors do not count yet. */
export function explainReloaded({ log, json }: Session, { manageables, active }: Reloaded): void {
  json?.addManageables(manageables)
  json?.add({ count_from_next_start: active.map(({ id }) => id) })
  for (const { id } of active)
    log.info(`Manageable "${id}" is active: the new descriptor counts from its next start`)
}
