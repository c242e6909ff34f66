/** The shape of what commands answer with --json, as docs/guide/json.md promises it. Keys may be added, never taken away. */
import type { ErrorCode } from '../errors.ts'
import type { Outcome } from './facts.ts'
import type { ManageableState } from './manageable.ts'

/** What every command answers. What it was asked for stands under keys of its own, `manageables` for most. */
export interface JsonDocument {
  /** Another one when something is taken away or gets another meaning. */
  readonly version: 1
  readonly manageables?: readonly JsonManageable[]
  /** `wait`: whether the time was over before what was waited for came. */
  readonly timed_out?: boolean
  /** `run --print`: the text of the descriptor, in TOML. */
  readonly descriptor?: string
  /** `new`: the name of the file that was written. */
  readonly file?: string
  /** `check`: the descriptors that are right by themselves. */
  readonly descriptors?: readonly JsonDescriptor[]
  /** What failed, was damaged or not found. With any of them the exit status is not 0. */
  readonly errors: readonly JsonError[]
  readonly warnings: readonly { readonly message: string }[]
}

/** A descriptor. */
export interface JsonDescriptor {
  /** Its path, as it was given. */
  readonly file: string
  readonly id: string
  /** The type of the manageable. */
  readonly type: string
  /** Whether a manageable with its id is in the pool. */
  readonly is_loaded: boolean
}

/** Something that failed, or was not found. */
export interface JsonError {
  /** `bug` for what should not have happened. */
  readonly code: ErrorCode | 'bug'
  /** For people; its words may change. */
  readonly message: string
  /** The id of the manageable that it is about. */
  readonly id?: string
  /** The pattern that matches nothing. */
  readonly pattern?: string
}

/** One manageable. What is not known, or does not apply, is left out. */
export interface JsonManageable extends Partial<JsonStatus>, Partial<JsonUsage> {
  readonly id: string
  readonly type: string
  readonly comment: string
  /** The directory that holds its files, absolute. */
  readonly path: string
  /** `status`: the last lines of its standard output. */
  readonly last_lines?: readonly string[]
  /** `list --long`: the last line of its standard output that is not blank. */
  readonly last_line?: string
  /** `history`: its runs, oldest first. */
  readonly runs?: readonly JsonRun[]
  /** `prune`: the numbers of the runs that were removed. */
  readonly removed_runs?: readonly number[]
  /** `start --dry-run`: what a start would do. */
  readonly plan?: JsonPlan
}

/** `list`, `status`, `wait` and `run`: the state of a manageable, and its last run. Times are ISO 8601, UTC, with milliseconds. */
export interface JsonStatus {
  readonly state: ManageableState
  /** What the state's name does not say: "stopping", "lost", the reason for which a job waits. For people. */
  readonly words: string
  /** Since when it is in this state. */
  readonly since: string
  /** The number of the last run, counted from 1. */
  readonly run: number
  readonly started: string
  readonly ended: string
  /** How long the last run took, or has taken until now, in seconds. */
  readonly duration: number
  /** How the last run ended. */
  readonly outcome: Outcome
  /** The exit code as a shell gives it: 128 + n for a death by signal n. */
  readonly exit_code: number
  /** The exit code as `status` shows it: "143 (SIGTERM)". For people. */
  readonly exit: string
  readonly backend_type: string
  readonly backend_id: string
  readonly wrapper_type: string
  readonly command: string
  readonly pid: number
}

/** `history`: one run. What is not known is left out. */
export interface JsonRun
  extends Partial<Omit<JsonStatus, 'since' | 'backend_id' | 'wrapper_type' | 'command' | 'run'>> {
  /** Its number, counted from 1. */
  readonly run: number
  /** The directory that holds its files, absolute. */
  readonly path: string
}

/** `list --long`: what the living processes of an active manageable use now. */
export interface JsonUsage {
  readonly processes: number
  /** Processor time, in seconds. */
  readonly cpu_time: number
  /** The sum of the resident set sizes, in bytes. */
  readonly memory: number
}

/** What a start would do. */
export interface JsonPlan {
  /** The script, as it would be written. */
  readonly script: string
  /** Where it would be. */
  readonly script_path: string
  /** The program that would be given the script; left out where that cannot be known before. */
  readonly launch?: { readonly argv: readonly string[]; readonly directory?: string | undefined } | undefined
}
