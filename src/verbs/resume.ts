/** resume: lets the selected active manageables go on. */
import type { Catalog } from '../core/catalog.ts'
import { each, type Progress, type Report } from './select.ts'

/** Lets every process of the selected active manageables go on, whoever halted it. */
export function resume(catalog: Catalog, patterns: readonly string[], progress?: Progress): Promise<Report> {
  return each(catalog, patterns, (kind, items) => kind.resumeAll(items), progress)
}
