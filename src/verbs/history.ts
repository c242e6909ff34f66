/** history: the runs of the selected manageables. */
import type { Catalog } from '../core/catalog.ts'
import type { Manageable } from '../core/manageable.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { SpmiError } from '../errors.ts'
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
  const histories: History[] = []
  const damaged = [...selection.damaged]
  for (const [index, manageable] of manageables.entries()) {
    const found = runs[index] ?? []
    if (found instanceof SpmiError) damaged.push(found)
    else histories.push({ manageable, runs: found })
  }
  return { ...selection, damaged, histories }
}
