/** status: what there is to say about the selected manageables. */
import type { Catalog } from '../core/catalog.ts'
import { type Selection, select } from './select.ts'
import { type Shown, showAll } from './show.ts'

/** The status of the selected manageables. */
export async function status(
  catalog: Catalog,
  patterns: readonly string[],
): Promise<Selection & { readonly shown: readonly Shown[] }> {
  const selection = await select(catalog, patterns)
  return { ...selection, shown: await showAll(selection.manageables) }
}
