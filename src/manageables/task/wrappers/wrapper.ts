/**
 * A wrapper decides how a command is run: its standard streams, its signals, and how its end is recorded. It compiles a
 * task into a script for sh, whose journal (store/journal.ts) is all that SPMI believes.
 */
import type * as v from 'valibot'
import type { DiagnosisContext } from '../../../core/diagnosis.ts'
import type { DescriptorPlace } from '../../../core/place.ts'
import type { Environment } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import type { SignalName } from '../../../system/process.ts'

/** The keys of `[task.wrapper]` without `type`, checked by the wrapper's `loadEntries`. */
export type WrapperOptions = Readonly<Record<string, unknown>>

/** What a wrapper compiles. */
export interface WrapperJob {
  /** The run's name. */
  readonly name: string
  /** The absolute path of the directory in which the run's files will lie. */
  readonly directory: string
  /** The environment of the start, without what the backend provides itself. */
  readonly environment: Environment
  /** The file mode creation mask of the start. */
  readonly umask: number
  /** Whether the run will be on this host. */
  readonly runsHere: boolean
  /** Variables that the backend may set in the script's environment; those the start did not have are unset. */
  readonly leaked: readonly string[]
  /** Lines for the backend at the head of the script. */
  readonly directives: readonly string[]
  /** Lines of sh that run before the command, in its environment. */
  readonly setup: readonly string[]
  /** The variable that counts earlier attempts at the run, where the backend may make several. */
  readonly restartCount: string | undefined
  /** The type (TERM) of the terminal that the backend runs the script on, where it does. */
  readonly terminalType?: string | undefined
  readonly options: WrapperOptions
}

/** A compiled run. */
export interface WrapperScript {
  /** The text of run.sh. */
  readonly script: string
  /** The text of env, which the script reads with the `.` command; its bytes by `system/byte-text.ts`. */
  readonly environment: string
  /** Whether the script expects a FIFO named stdin in its directory. */
  readonly needsFifo: boolean
}

/** The end of a run, as its descriptor wants it. */
export interface StopPlan {
  /** Sent one after the other, spread evenly over the timeout. */
  readonly signals: readonly SignalName[]
  /** Milliseconds until `stop` gives up. */
  readonly timeout: number
}

/** A way to run a command. One object serves all tasks of its type in a command. */
export abstract class Wrapper {
  /** The keys that `[task.wrapper]` may hold besides `type`. Only `load` asks. */
  static async loadEntries(): Promise<v.ObjectEntries> {
    return {}
  }

  /** The word in the descriptor that stands for this wrapper. */
  readonly type: string

  constructor(type: string) {
    this.type = type
  }

  /** Makes the options independent of where the descriptor lies. */
  normalise(options: WrapperOptions, _place: DescriptorPlace): WrapperOptions {
    return options
  }

  /** Lets what the first run waits for begin while it is not ready to be compiled yet. Called once or more. */
  warmUp(_environment: Environment): void {}

  /**
   * Compiles a run.
   * @throws SpmiError `start-failed` when the options cannot be followed now (a missing folder or file)
   */
  abstract compile(job: WrapperJob): Promise<WrapperScript>

  /** The command as status shows it. */
  abstract describeCommand(options: WrapperOptions): string

  /** Where the environment of the command comes from, in words and without values, which may be secret. */
  describeEnvironment(_options: WrapperOptions): string {
    return 'that of the start'
  }

  /** How a run is stopped. */
  abstract planStop(options: WrapperOptions): StopPlan

  /**
   * Finds out whether what its scripts need is here, and what mends it, for `doctor`.
   * @param _uses the options with which loaded tasks use it; none when no task does
   */
  async diagnose(_uses: readonly WrapperOptions[], _context: DiagnosisContext): Promise<readonly Finding[]> {
    return []
  }
}

/** A class that can be registered: a concrete child of Wrapper. */
export type WrapperClass = Pick<typeof Wrapper, 'loadEntries'> & {
  readonly name: string
  new (type: string): Wrapper
}

/** Whether a value is a realisation of Wrapper. */
export function isWrapperClass(value: unknown): value is WrapperClass {
  return typeof value === 'function' && value.prototype instanceof Wrapper
}
