/** history: the runs of the selected manageables. */
import type { Catalog } from '../core/catalog.ts'
import type { Manageable } from '../core/manageable.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { type Selection, select } from './select.ts'
import { byKind } from './show.ts'

/** A manageable and its runs, oldest first. */
export interface History {
  readonly manageable: Manageable
  readonly runs: readonly RunSummary[]
}

/** The runs of the selected manageables. @throws SpmiError `usage` for an invalid pattern */
export async function history(
  catalog: Catalog,
  patterns: readonly string[],
): Promise<Selection & { readonly histories: readonly History[] }> {
  const selection = await select(catalog, patterns)
  const { manageables } = selection
  const runs = await byKind(manageables, (kind, items) => kind.summariseAll(items))
  return {
    ...selection,
    histories: manageables.map((manageable, index) => ({ manageable, runs: runs[index] ?? [] })),
  }
}
