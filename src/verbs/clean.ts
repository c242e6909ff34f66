/** clean: removes the selected inactive manageables from the pool, with their runs and output. */
import type { Catalog } from '../core/catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { Manageable } from '../core/manageable.ts'
import { asSpmiError, errnoOf, SpmiError } from '../errors.ts'
import { each, type Progress, type Report } from './select.ts'

/** Removes the selected inactive manageables from the pool, with their runs and output. */
export function clean(catalog: Catalog, patterns: readonly string[], progress?: Progress): Promise<Report> {
  return each(
    catalog,
    patterns,
    async (kind, items) => {
      const statuses = await kind.statusAll(items)
      return Promise.all(items.map((item, index) => cleanOne(catalog, item, statuses[index]?.state)))
    },
    progress,
  )
}

/** Removes one, whose state has just been found out. @returns why it was not removed */
export async function cleanOne(
  catalog: Catalog,
  manageable: Manageable,
  state: string | undefined,
): Promise<Failure> {
  try {
    if (state === 'active') throw new SpmiError('active', 'it is active')
    if (state !== 'inactive') throw new SpmiError('unknown', 'whether it is active is unknown')
    const mayGo = (await manageable.retire()) ?? undefined
    if (catalog.context.store.remove(manageable.id, mayGo)) return undefined
    throw new SpmiError('active', 'it has just been started')
  } catch (error) {
    const isGone = errnoOf(error) === 'ENOENT'
    const { code, message } = isGone
      ? new SpmiError('missing', 'it has just been removed')
      : asSpmiError(error, 'its files cannot be removed')
    return new SpmiError(code, `cannot clean manageable "${manageable.id}": ${message}`, { cause: error })
  }
}
