/** kill: Ends the selected active manageables by force, whatever they do. */
import type { Catalog } from '../core/catalog.ts'
import { each, type Progress, type Report } from './select.ts'

/** Ends the selected active manageables by force, whatever they do. */
export function kill(catalog: Catalog, patterns: readonly string[], progress?: Progress): Promise<Report> {
  return each(catalog, patterns, (kind, items) => kind.killAll(items), progress)
}
