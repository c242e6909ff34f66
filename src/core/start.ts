/** What a start can be told, and what it would do. */
import type { Launch } from '../system/exec.ts'
import type { StatusLine } from './manageable.ts'

/** What a start takes instead of what the descriptor says, for that run only. */
export interface Choice {
  /** The type of the backend. */
  readonly backend?: string | undefined
  /** Keys of the backend, with their values. */
  readonly set?: Readonly<Record<string, unknown>> | undefined
}

/** What a start would do. */
export interface StartPlan {
  /** What there is to say about it, as lines of a block. */
  readonly lines: readonly StatusLine[]
  /** The program that would be given the script; undefined where that cannot be known before. */
  readonly launch?: Launch | undefined
  /** Where the script would be. */
  readonly path: string
  /** The script, as it would be written. */
  readonly script: string
}

/** What the last start of a manageable ran. */
export interface LastStart {
  /** The number of the run, counted from 1. */
  readonly run: number
  /** The absolute path of the script. */
  readonly path: string
  readonly script: string
  /** The variables that were given to what was started; its process manager and the script may add some. */
  readonly environment: Readonly<Record<string, string>>
}
