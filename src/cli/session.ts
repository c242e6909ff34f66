/** What a command gets, and what it gives back. */
import type { Catalog } from '../core/catalog.ts'
import type { CliContext } from './context.ts'
import type { JsonAnswer } from './json.ts'
import type { Log } from './log.ts'

/** What a command gets. @typeParam Options the values of its options */
export interface Session<Options = unknown> {
  readonly context: CliContext
  readonly log: Log
  /**
   * With --json the document, which is printed when the command has ended: what would be printed is added to it instead. It is
   * the log as well, so that what the command reports stands in it.
   */
  readonly json: JsonAnswer | undefined
  /** Opened when it is asked for. @throws SpmiError `pool` when the pool cannot be used */
  readonly catalog: Catalog
  readonly operands: readonly string[]
  /** The options of the command and of the program, by their long names. */
  readonly options: Options
}

/**
 * The exit status of a command that was called rightly: 0 when all was done, 1 when anything failed or nothing matched. Only
 * what passes the status of a task on gives others.
 */
export type ExitStatus = number
