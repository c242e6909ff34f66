/** clean: removes the selected inactive manageables from the pool, with their runs and output. */
import type { Catalog } from '../core/catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { Manageable } from '../core/manageable.ts'
import { asSpmiError, errnoOf, SpmiError } from '../errors.ts'
import { removeDirectory } from '../store/hidden.ts'
import type { PoolStore } from '../store/pool-store.ts'
import { each, type Progress, type Report } from './select.ts'

/** Removes the selected inactive manageables from the pool, with their runs and output. */
export function clean(catalog: Catalog, patterns: readonly string[], progress?: Progress): Promise<Report> {
  return each(
    catalog,
    patterns,
    async (kind, items) => {
      const statuses = await kind.statusAll(items)
      const states = statuses.map(({ state }) => state)
      return cleanAll(catalog, items, states)
    },
    progress,
  )
}

/**
 * Removes manageables whose states have just been found out. Nothing of any is removed before it is on the disk that none of them is
 * in the pool any more: after a cut of power none is half there. Where that cannot be known, all are put back.
 * @returns for each one why it was not removed, or undefined
 */
export async function cleanAll(
  { context: { store } }: Catalog,
  manageables: readonly Manageable[],
  states: readonly (string | undefined)[],
): Promise<readonly Failure[]> {
  const taken = await Promise.all(
    manageables.map((manageable, index) =>
      takeOut(store, manageable, states[index]).catch(error => cannotClean(manageable, error)),
    ),
  )
  const synced = taken.some(each => typeof each === 'string') ? store.sync() : Promise.resolve()
  return Promise.all(
    manageables.map((manageable, index) => {
      const each = taken[index]
      if (typeof each !== 'string') return each
      return remove(store, manageable, each, synced).catch(error => cannotClean(manageable, error))
    }),
  )
}

/** @param synced that it is on the disk that the manageable is no longer in the pool */
async function remove(
  store: PoolStore,
  { id }: Manageable,
  hidden: string,
  synced: Promise<void>,
): Promise<undefined> {
  try {
    await synced
  } catch (error) {
    store.giveBack(id, hidden)
    throw error
  }
  removeDirectory(hidden)
}

/** Takes an inactive manageable out of the pool. @returns its hidden directory */
async function takeOut(store: PoolStore, manageable: Manageable, state: string | undefined): Promise<string> {
  if (state === 'active') throw new SpmiError('active', 'it is active')
  if (state !== 'inactive') throw new SpmiError('unknown', 'whether it is active is unknown')
  const mayGo = (await manageable.retire()) ?? undefined
  const hidden = store.hide(manageable.id, mayGo)
  if (hidden === undefined) throw new SpmiError('active', 'it has just been started')
  return hidden
}

function cannotClean({ id }: Manageable, error: unknown): SpmiError {
  const { code, message } =
    errnoOf(error) === 'ENOENT'
      ? new SpmiError('missing', 'it has just been removed')
      : asSpmiError(error, 'its files cannot be removed')
  return new SpmiError(code, `cannot clean manageable "${id}": ${message}`, { cause: error })
}
