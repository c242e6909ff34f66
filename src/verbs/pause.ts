/** pause: halts every process of the selected active manageables. */
import type { Catalog } from '../core/catalog.ts'
import { each, type Progress, type Report } from './select.ts'

/** Halts every process of the selected active manageables, until they are resumed. */
export function pause(catalog: Catalog, patterns: readonly string[], progress?: Progress): Promise<Report> {
  return each(catalog, patterns, (kind, items) => kind.pauseAll(items), progress)
}
