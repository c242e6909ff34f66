/** list: every manageable of the pool with its state. */
import type { Catalog, Listing } from '../core/catalog.ts'
import { type Shown, showAll } from './show.ts'

/** All manageables of the pool, in natural order of ids. */
export async function list(catalog: Catalog): Promise<Listing & { readonly shown: readonly Shown[] }> {
  const listing = await catalog.list()
  // One look for runs that never were is a fifth of the time of a long list.
  const started = await showAll(listing.manageables.filter(manageable => !listing.fresh.has(manageable)))
  let next = 0
  const shown = listing.manageables.map(manageable =>
    listing.fresh.has(manageable) ? { manageable, status: NEVER_STARTED } : (started[next++] as Shown),
  )
  return { ...listing, shown }
}

const NEVER_STARTED = { state: 'inactive' } as const
