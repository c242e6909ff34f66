/** What verbs share that know their manageables already: asking each kind about its items at once. */
import { groupBy } from '../core/group-by.ts'
import type { Manageable, ManageableClass, ManageableStatus } from '../core/manageable.ts'
import { SpmiError } from '../errors.ts'
import { DamagedFile, MOVE_AWAY } from '../store/damage.ts'

/** A manageable and its status. */
export interface Shown {
  readonly manageable: Manageable
  readonly status: ManageableStatus
}

/** One error for each damaged file that was met when some statuses were found out. */
export function damageOf(statuses: readonly ManageableStatus[]): SpmiError[] {
  return statuses.flatMap(({ damage }) => damage?.found ?? [])
}

/** The status of some manageables, asked for at once. */
export async function showAll(manageables: readonly Manageable[]): Promise<Shown[]> {
  const statuses = await byKind(manageables, (kind, items) => kind.statusAll(items))
  return manageables.map((manageable, index) => ({ manageable, status: statuses[index] as ManageableStatus }))
}

/**
 * The last lines of an output; none where it cannot be read.
 * @param failed gets why it cannot
 */
export function readTail(
  { manageable, status }: Shown,
  lines: number,
  failed: SpmiError[],
): readonly string[] {
  try {
    return manageable.readTail(lines, status)
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error
    failed.push(explainUnreadable(error, manageable))
    return []
  }
}

/** Why an output of a manageable cannot be read. */
export function explainUnreadable(error: SpmiError, { id }: Manageable): SpmiError {
  if (error instanceof DamagedFile) return error.of(id, MOVE_AWAY)
  return new SpmiError(error.code, error.message, { id, cause: error })
}

/** Asks each kind about its items at once. @returns one answer for each item, in their order */
export async function byKind<T>(
  items: readonly Manageable[],
  ask: (kind: ManageableClass, items: readonly Manageable[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const groups = groupBy(items, item => item.constructor as unknown as ManageableClass)
  const answers = await Promise.all([...groups].map(([kind, group]) => ask(kind, group)))
  if (answers.length === 1) return [...(answers[0] ?? [])]
  const byItem = new Map<Manageable, T>()
  for (const [index, group] of [...groups.values()].entries())
    for (const [at, item] of group.entries()) byItem.set(item, answers[index]?.[at] as T)
  return items.map(item => byItem.get(item) as T)
}
