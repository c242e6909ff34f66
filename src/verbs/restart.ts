/** restart: stops the selected manageables that are active, all at once, then starts all. What does not stop is not started. */
import type { Catalog } from '../core/catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { Manageable, ManageableClass } from '../core/manageable.ts'
import type { Choice } from '../core/start.ts'
import { actOn, type Progress, type Report, select } from './select.ts'
import { choose } from './start.ts'

/**
 * Stops the selected manageables that are active and starts all of them.
 * @param choice what the starts take instead of what the descriptors say
 * @throws SpmiError `usage` for an invalid pattern or choice; nothing is stopped then
 */
export async function restart(
  catalog: Catalog,
  patterns: readonly string[],
  choice: Choice = {},
  progress?: Progress,
): Promise<Report> {
  return actOn(await choose(await select(catalog, patterns), choice), restartAll, progress)
}

async function restartAll(kind: ManageableClass, items: readonly Manageable[]): Promise<readonly Failure[]> {
  const statuses = await kind.statusAll(items)
  const failures = new Map<Manageable, Failure>()
  const active = items.filter((_, index) => statuses[index]?.state === 'active')
  const stops = active.length === 0 ? [] : await kind.stopAll(active)
  for (const [index, item] of active.entries()) {
    const failure = stops[index]
    if (failure?.code !== 'inactive') failures.set(item, failure) // else it ended by itself meanwhile
  }
  const startable = items.filter(item => failures.get(item) === undefined)
  const starts = await kind.startAll(startable)
  for (const [index, item] of startable.entries()) failures.set(item, starts[index])
  return items.map(item => failures.get(item))
}
