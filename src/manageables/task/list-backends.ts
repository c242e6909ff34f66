/** The backend types that a start may choose. */
import type { PoolStore } from '../../store/pool-store.ts'
import { backendClasses } from './backends/index.ts'

/** In the order of the alphabet, those of plug-ins too. */
export function listBackends(store: PoolStore): string[] {
  return backendClasses.listTypes(store).toSorted()
}
