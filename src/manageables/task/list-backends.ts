/** The backend types that there are, which a command line may name. */
import type { PoolStore } from '../../store/pool-store.ts'
import { backendClasses } from './backends/index.ts'

/** In the order of the alphabet, those of plug-ins too. */
export function listBackends(store: PoolStore): string[] {
  return backendClasses.listTypes(store).toSorted()
}

/** Refuses a backend type that there is not. @throws SpmiError `usage` */
export function refuseUnknownBackend(type: string, store: PoolStore): void {
  backendClasses.refuseUnknown(type, store)
}
