/** What `doctor` says: the parts that manageables rest on, and what was found out about each. */
import type { PoolStore } from '../store/pool-store.ts'
import type { Environment } from '../system/exec.ts'
import type { Finding } from '../system/finding.ts'

/** What whoever examines a part may touch. */
export interface DiagnosisContext {
  readonly environment: Environment
  /** Undefined when it must not be read: it belongs to somebody else, or its file system does not answer. */
  readonly store: PoolStore | undefined
}

/** Something that manageables rest on: the pool, a backend, a wrapper. */
export interface Part {
  /** "pool", "backend", "wrapper". */
  readonly kind: string
  /** The type of a backend or wrapper, the path of the pool. */
  readonly name: string
  /** How many loaded manageables use it. */
  readonly users: number
  /** Whether it must work: something loaded uses it, or it is what is used when a descriptor names none. */
  readonly isNeeded: boolean
  readonly findings: readonly Finding[]
}

/** All that was examined. */
export interface Diagnosis {
  /** Whether all parts that are needed can be used. */
  readonly isWell: boolean
  readonly parts: readonly Part[]
}

/** Whether a part can be used. */
export function isUsable({ findings }: Part): boolean {
  return findings.every(({ level }) => level !== 'problem')
}
