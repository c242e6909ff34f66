/** What there is to say about one run of a manageable. */
import type { Facts } from './facts.ts'
import type { ManageableStatus } from './status.ts'

/** One run: when it began, and whether and how it ended. What its descriptor said then is not known any more. */
export interface RunSummary
  extends ManageableStatus,
    Omit<Facts, 'wrapperType' | 'command' | 'processes' | 'run' | 'exitCode'> {
  /** Counted from 1. */
  readonly number: number
  /** The directory that holds its files, absolute. */
  readonly directory: string
}
