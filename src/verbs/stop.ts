/** stop: Asks the selected active manageables to end, and waits for their ends under one deadline. */
import type { Catalog } from '../core/catalog.ts'
import { each, type Progress, type Report } from './select.ts'

/** Asks the selected active manageables to end, and waits for their ends under one deadline. */
export function stop(catalog: Catalog, patterns: readonly string[], progress?: Progress): Promise<Report> {
  return each(catalog, patterns, (kind, items) => kind.stopAll(items), progress)
}
