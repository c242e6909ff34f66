/** What is said of a manageable: its state, and what tells that it may be another one. */
import type { Damage } from '../store/damage.ts'

/**
 * The states of a manageable, and `unknown` for when it cannot be found out now.
 * - `untracked`: it has a descriptor, but is not loaded
 * - `inactive`: it is loaded and has no running process
 * - `active`: it is loaded and has a running process
 */
export type ManageableState = 'untracked' | 'inactive' | 'active' | 'unknown'

/** The state of a manageable, and what there is to say about it. */
export interface ManageableStatus {
  readonly state: ManageableState
  /** What the state's name does not say: "lost", "stopping", the reason for which a job waits. */
  readonly words?: string | undefined
  /** Since when the manageable is in this state, where that is known. */
  readonly since?: Date | undefined
  /** Its damaged files, as far as they were met: the state was found out without them. */
  readonly damage?: Damage | undefined
}

/** Tells when something may have changed. */
export interface Watch {
  /** Goes on with what has taken the place of what was watched. Called before each look at the status. */
  refresh(): void
  close(): void
}

/** One line of a status block: `label: value`. */
export interface StatusLine {
  readonly label: string
  readonly value: string
}
