/** signal: sends a signal to the selected active manageables. */
import type { Catalog } from '../core/catalog.ts'
import type { SignalReach } from '../core/manageable.ts'
import type { SignalName } from '../system/process.ts'
import { each, type Progress, type Report } from './select.ts'

/** Sends a signal to the selected active manageables, once to each process that it is to reach. */
export function signal(
  catalog: Catalog,
  name: SignalName,
  patterns: readonly string[],
  reach: SignalReach = 'group',
  progress?: Progress,
): Promise<Report> {
  return each(catalog, patterns, (kind, items) => kind.signalAll(items, name, reach), progress)
}
