/**
 * A backend is an interface to a process manager: anything that can run a script. It is told everything in plain
 * values and never touches SPMI's files. A new one needs `submit`; the rest has defaults that hold wherever the
 * processes of a run live on the host that started it.
 */
import type * as v from 'valibot'
import type { Attachment, Environment, Launch } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import type { ProcessIdentity, ProcessStat, SignalName } from '../../../system/process.ts'
import {
  haltRuns,
  killRuns,
  resumeRuns,
  signalGroups,
  signalMembers,
  signalStrays,
} from '../../../system/run-processes.ts'

/** The keys of `[task.backend]` without `type`, checked by the backend's `loadEntries`. */
export type BackendOptions = Readonly<Record<string, unknown>>

/** How many bytes the name of a run may have: sockets and units are named for it, and their names are limited. */
export const MAX_NAME = 42

/** A run to be launched. */
export interface BackendJob {
  /** Chosen by SPMI, unique: letters, digits, "_", "." and "-", at most 42 bytes (`MAX_NAME`). */
  readonly name: string
  /** The absolute path of the script to be run by sh. */
  readonly script: string
  readonly options: BackendOptions
}

/** What the process manager said to a job: its own id where it gives one, or why it refused. */
export type Submission =
  | { readonly accepted: true; readonly id?: string | undefined }
  | { readonly accepted: false; readonly reason: string }

/** A run that was submitted, with what is known of it. */
export interface BackendRun {
  readonly name: string
  /** The absolute path of its script. */
  readonly script: string
  readonly options: BackendOptions
  /** The id that `submit` gave. */
  readonly id?: string | undefined
  /** Recorded by the wrapper, once it lives. */
  readonly wrapper?: ProcessIdentity | undefined
  /** The pid of the wrapper's parent. */
  readonly parent?: number | undefined
  /** Recorded by the wrapper, once the command lives. */
  readonly command?: ProcessIdentity | undefined
}

/**
 * Whether the process manager has a run: why it waits, if it does; why it ended, if that is known. `unknown` is never
 * guessed to be `gone`.
 */
export type Liveness =
  | { readonly state: 'alive'; readonly waiting?: string | undefined }
  | { readonly state: 'gone'; readonly reason?: string | undefined }
  | { readonly state: 'unknown'; readonly reason: string }

/** What is left of a run: its processes where they can be seen, else a description. */
export type Left = readonly ProcessStat[] | string

/** What a signal reaches: the process group of the command; the processes of the run that left it; or both. */
export type SignalScope = 'group' | 'strays' | 'all'

/** An interface to a process manager. One object serves all tasks of its type. */
export abstract class Backend {
  /** The keys that `[task.backend]` may hold besides `type`. Only `load` asks. */
  static async loadEntries(): Promise<v.ObjectEntries> {
    return {}
  }

  /**
   * Whether processes of a run live on the host that started it. Then they themselves say whether the run is alive,
   * and the process manager is asked only about runs whose wrapper has not come yet.
   */
  readonly runsHere: boolean = true

  /** The word in the descriptor that stands for this backend. */
  readonly type: string

  /** What programs are launched with. The script of a run gives its command an environment of its own. */
  protected readonly environment: Environment

  constructor(type: string, environment: Environment) {
    this.type = type
    this.environment = environment
  }

  /** Variables that the process manager sets in a script's environment, and that mean nothing to a command. */
  readonly leaks: readonly string[] = []

  /** Whether a variable is the process manager's to set: then its value at the start does not reach the command. */
  provides(_variable: string): boolean {
    return false
  }

  /** Lines at the head of a script, right after "#!/bin/sh", that the process manager reads. */
  directives(_job: BackendJob): readonly string[] {
    return []
  }

  /** Lines of sh that are to run before the command, where it runs. */
  setup(_options: BackendOptions): readonly string[] {
    return []
  }

  /** A variable in a script's environment that counts how often the process manager has run it before. */
  readonly restartCount: string | undefined = undefined

  /** Whether the process manager may run a script again, so that its recorded end may not be the last one. */
  mayRestart(_options: BackendOptions): boolean {
    return false
  }

  /** The type (TERM) of the terminal on which the process manager runs a script, where it does. */
  readonly terminalType: string | undefined = undefined

  /**
   * Hands some jobs to the process manager, all at once where it can. Resolved when it has accepted or refused them;
   * that they run is proved by their journals alone.
   * @returns one answer for each job, in their order
   */
  abstract submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]>

  /** What `submit` runs for a job, for those who want to see it first; undefined where it runs no program for it. */
  launchOf(_job: BackendJob): Launch | undefined {
    return undefined
  }

  /** Asks the process manager, with one query and a deadline, which of these runs it has. */
  query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    return Promise.resolve(runs.map(() => ({ state: 'gone' })))
  }

  /** Takes back runs that the process manager has accepted and not begun. */
  async withdraw(_runs: readonly BackendRun[]): Promise<void> {}

  /** How to get to the host where a run is, if that is another one: words that end a message. */
  wayTo(_run: BackendRun): string | undefined {
    return undefined
  }

  /** What status shows as the run's `Backend ID`. */
  idOf(run: BackendRun): string | undefined {
    return run.id
  }

  /** How our terminal is attached to the one on which a script runs; undefined where it runs on none. */
  attach(_run: BackendRun): Attachment | undefined {
    return undefined
  }

  /** Delivers a signal once to each process of some runs that is in the scope. */
  async signal(runs: readonly BackendRun[], signal: SignalName, scope: SignalScope): Promise<void> {
    if (scope === 'group') signalGroups(runs, signal)
    else if (scope === 'strays') signalStrays(runs, signal)
    else signalMembers(runs, signal)
  }

  /** Why a signal cannot be delivered to a run as it is; undefined when it can. */
  refuseSignal(_run: BackendRun, _signal: SignalName, _scope: SignalScope): string | undefined {
    return undefined
  }

  /**
   * Halts every process of some runs.
   * @param deadline milliseconds until it gives up
   * @returns by the names of those runs that it could not halt: what runs on, or why
   */
  pause(runs: readonly BackendRun[], deadline: number): Promise<Map<string, Left>> {
    return haltRuns(runs, deadline)
  }

  /** Lets some runs go on, whoever halted them. @returns by the names of those that it could not: why */
  async resume(runs: readonly BackendRun[]): Promise<Map<string, Left>> {
    await resumeRuns(runs)
    return new Map()
  }

  /** Kills every process of some runs but their wrappers, and says which are left after the deadline (milliseconds). */
  kill(runs: readonly BackendRun[], deadline: number): Promise<Map<string, Left>> {
    return killRuns(runs, deadline)
  }

  /** What may end with a login and ends what is started: that of the start, the user's manager, or nothing. */
  endsWith(_options: BackendOptions): 'login' | 'manager' | undefined {
    return this.runsHere ? 'login' : undefined
  }

  /**
   * Finds out whether this backend can be used here, and what mends it, for `doctor`. Changes nothing, and gives up what
   * does not answer.
   * @param _uses the options with which loaded tasks use it; none when no task does
   */
  async diagnose(_uses: readonly BackendOptions[]): Promise<readonly Finding[]> {
    return []
  }
}

/** The same refusal for each job. */
export function refuseAll(jobs: readonly BackendJob[], reason: string): Submission[] {
  return jobs.map(() => ({ accepted: false, reason }))
}

/** A class that can be registered: a concrete child of Backend. */
export type BackendClass = Pick<typeof Backend, 'loadEntries'> & {
  readonly name: string
  new (type: string, environment: Environment): Backend
}

/** Whether a value is a realisation of Backend. */
export function isBackendClass(value: unknown): value is BackendClass {
  return typeof value === 'function' && value.prototype instanceof Backend
}
