/**
 * Every failure that a user can mend is a SpmiError with a code of the closed list below; anything else that
 * is thrown is a bug and keeps its stack. The table gives the exit status of the command line for each code.
 */

/** Code → exit status: 2 for wrong usage of the command line, 1 for everything that failed. */
const EXIT_STATUS = {
  /** The command line itself is wrong: unknown command or option, missing argument, invalid pattern. */
  usage: 2,
  /** A descriptor cannot be read or says something that it may not say. */
  descriptor: 1,
  /** The pool's directory cannot be used: not ours, open to others, of a newer format. */
  pool: 1,
  /** A manageable with this id is loaded already. */
  exists: 1,
  /** No manageable with this id is loaded. */
  missing: 1,
  /** Files of a manageable are damaged. */
  damaged: 1,
  /** The manageable is active, and the command needs an inactive one. */
  active: 1,
  /** The manageable is inactive, and the command needs an active one. */
  inactive: 1,
  /** Whether the manageable is active cannot be found out now. */
  unknown: 1,
  /** This kind of manageable, or its backend, cannot do that. */
  unsupported: 1,
  /** The run is on another host, and this can only be done there. */
  elsewhere: 1,
  /** The wrapper did not record a start. */
  'start-failed': 1,
  /** Processes are left after the stop timeout. */
  'stop-failed': 1,
  /** Processes are left although they were killed. */
  'kill-failed': 1,
  /** Processes run on although they were to pause, or the backend refused. */
  'pause-failed': 1,
  /** The task's input cannot be written to. */
  'input-failed': 1,
  /** The editor did not end well. */
  'edit-failed': 1,
  /** A plug-in cannot be loaded or does not follow the naming convention. */
  plugin: 1,
  /** The system refused something: no space, no permission, a missing program. */
  system: 1,
} as const

/** The closed list of failure codes. */
export type ErrorCode = keyof typeof EXIT_STATUS

/** A failure that a user can mend. Its message says where, what, and what to do, on one line. */
export class SpmiError extends Error {
  override readonly name = 'SpmiError'
  readonly code: ErrorCode
  /** Where and what. */
  readonly reason: string
  /** What to do. */
  readonly hint: string | undefined
  /** The id of the manageable that it is about, where it is about one. */
  readonly id: string | undefined

  /**
   * @param code what kind of failure this is
   * @param message where and what, on one line, without a full stop
   * @param options `hint` says what to do and is appended to the message; `cause` is the error behind this one;
   *   `id` is that of the manageable that it is about
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown; id?: string | undefined } = {},
  ) {
    super(options.hint === undefined ? message : `${message}; ${options.hint}`, { cause: options.cause })
    this.code = code
    this.reason = message
    this.hint = options.hint
    this.id = options.id
  }

  /** The exit status that the command line gives for this failure: 1 or 2. */
  get exitStatus(): 1 | 2 {
    return EXIT_STATUS[this.code]
  }
}

/** The errno name of a system error ("ENOENT"), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

/**
 * Passes a SpmiError on and turns a system error (ENOSPC, EACCES, …) into one; a bug is thrown again.
 * @param what what was being done, for example `cannot write "x"`
 */
export function asSpmiError(error: unknown, what: string): SpmiError {
  if (error instanceof SpmiError) return error
  const errno = errnoOf(error)
  if (errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) throw error
  return new SpmiError('system', `${what}: ${(error as Error).message}`, { cause: error })
}
