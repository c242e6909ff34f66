/** Log records on stderr: `[2024-07-14 19:17:17,231 - Spmi - INFO]`, and the message on the next line. */
import type { ErrorCode, SpmiError } from '../errors.ts'
import type { CliContext } from './context.ts'
import { formatExactTime } from './format.ts'
import { makeOneLine, type Paint, paintFor, textFor } from './style.ts'

/** How serious a record is. */
export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'

/** What a record is about, for programs: a log for people does not show it. */
export interface About {
  readonly code?: ErrorCode | 'bug'
  /** The id of a manageable. */
  readonly id?: string
  /** A pattern that matches nothing. */
  readonly pattern?: string
}

const COLOURS = { DEBUG: 'cyan', INFO: 'green', WARNING: 'yellow', ERROR: 'red' } as const

/** Writes log records. */
export class Log {
  readonly #context: Pick<CliContext, 'stderr' | 'environment' | 'now'>
  readonly #paint: Paint
  #isQuiet = false

  constructor(context: Pick<CliContext, 'stderr' | 'environment' | 'now'>) {
    this.#context = context
    this.#paint = paintFor(context.stderr, context)
  }

  /** Leaves out what only says that all goes well: the records of level INFO. */
  quieten(): void {
    this.#isQuiet = true
  }

  /** Whether people read it, for whom two records need not say the same. */
  get isForPeople(): boolean {
    return true
  }

  debug(message: string): void {
    this.#record('DEBUG', message)
  }

  info(message: string): void {
    if (!this.#isQuiet) this.#record('INFO', message)
  }

  warning(message: string, _about?: About): void {
    this.#record('WARNING', message)
  }

  error(problem: SpmiError | string, about?: About): void {
    const message = typeof problem === 'string' ? problem : problem.message
    // A stack has lines of its own. Any other message has one: a name in it must not look like the next record.
    if (about?.code === 'bug') this.#write('ERROR', textFor({ isTerminal: true }, message))
    else this.#record('ERROR', message)
  }

  #record(level: Level, message: string): void {
    this.#write(level, makeOneLine(message))
  }

  #write(level: Level, message: string): void {
    const time = formatExactTime(this.#context.now(), this.#context.environment.TZ)
    const head = `[${time} - Spmi - ${level}]`
    this.#context.stderr.write(`${this.#paint(head, COLOURS[level])}\n${message}\n`)
  }
}
