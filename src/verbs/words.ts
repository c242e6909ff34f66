/** What of a pool may be named on a command line: for completion, which must be quick, so that no record is read. */
import type { Catalog } from '../core/catalog.ts'
import { refuseId } from '../core/id.ts'
import { sortNaturally } from '../core/natural-order.ts'
import * as manageables from '../manageables/index.ts'

/** The ids in the pool, in natural order. What cannot be one, and may hold anything, is left out. */
export function listIds({ context: { store } }: Catalog): string[] {
  return sortNaturally(store.listIds().filter(name => refuseId(name) === undefined))
}

/** The backend types that a start may choose. */
export function listBackends({ context: { store } }: Catalog): string[] {
  return manageables.listBackends(store)
}
