/** What is known of a manageable besides its state: what programs are told, and what a long list sorts and selects by. */
import type { RunProcesses } from '../system/run-processes.ts'
import type { ManageableState } from './manageable.ts'

/**
 * How a run ended.
 * - `succeeded`: with exit code 0
 * - `failed`: with another one, or its start failed
 * - `lost`: nobody recorded its end
 */
export type Outcome = 'succeeded' | 'failed' | 'lost'

/** What a kind of manageable knows; what it does not know is left out. */
export interface Facts {
  /** The number of the last run, counted from 1. */
  readonly run?: number | undefined
  readonly startedAt?: Date | undefined
  readonly endedAt?: Date | undefined
  /** How the last run ended; undefined while it is active, when it was never started, and when that is unknown. */
  readonly outcome?: Outcome | undefined
  /** The exit code as a shell gives it: 128 + n for a death by signal n. */
  readonly exitCode?: number | undefined
  /** The exit code as it is shown: `143 (SIGTERM)`. */
  readonly exit?: string | undefined
  readonly backendType?: string | undefined
  readonly backendId?: string | undefined
  readonly wrapperType?: string | undefined
  readonly command?: string | undefined
  readonly pid?: number | undefined
  /** By what its processes are found. */
  readonly processes?: RunProcesses | undefined
}

/** How long the last run has taken until now or until its end, in seconds; undefined where that is unknown. */
export function durationOf(facts: Facts, state: ManageableState, now: Date): number | undefined {
  const end = facts.endedAt ?? (state === 'active' ? now : undefined)
  if (facts.startedAt === undefined || end === undefined) return undefined
  return Math.max(0, end.getTime() - facts.startedAt.getTime()) / 1000
}
