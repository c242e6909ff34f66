/**
 * What a command answers with --json: one document on stdout. It takes the place of the log, so that what goes wrong anywhere
 * stands in the document too. Loaded with --json alone.
 */
import { durationOf, type Facts } from '../core/facts.ts'
import type { JsonDocument, JsonError, JsonManageable, JsonRun, JsonStatus } from '../core/json-shape.ts'
import type { Manageable, ManageableStatus } from '../core/manageable.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { SpmiError } from '../errors.ts'
import type { History } from '../verbs/history.ts'
import { type Inspected, lastLineOf } from '../verbs/inspect.ts'
import type { PruneReport } from '../verbs/prune.ts'
import { readTail, type Shown } from '../verbs/show.ts'
import type { Preview } from '../verbs/start.ts'
import type { CliContext } from './context.ts'
import { type About, Log } from './log.ts'
import { TAIL_LINES } from './render.ts'

/** The document, which is written when the command has ended. */
export class JsonAnswer extends Log {
  readonly #now: Date
  readonly #content: Record<string, unknown> = {}
  readonly #errors: JsonError[] = []
  readonly #warnings: { readonly message: string }[] = []

  constructor(context: Pick<CliContext, 'stderr' | 'environment' | 'now'>) {
    super(context)
    this.#now = context.now()
  }

  /** Adds what the command answers: keys in snake_case, times by `toISOString()`, durations in seconds, sizes in bytes. */
  add(content: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#content, content)
  }

  /** Adds `manageables`: those for which it was done. */
  addManageables(manageables: readonly Manageable[]): void {
    this.#addAll(manageables.map(identify))
  }

  /** Adds `manageables`, with their status and the last lines of their output. @param failed as `readTail` has it */
  addShown(shown: readonly Shown[], failed: SpmiError[]): void {
    this.#addAll(
      shown.map(one => ({
        ...identify(one.manageable),
        ...describeStatus(one.status, one.manageable.facts(one.status), this.#now),
        last_lines: readTail(one, TAIL_LINES, failed),
      })),
    )
  }

  /**
   * Adds `manageables`, with their status.
   * @param isLong whether with what their processes use and their last line as well
   * @param failed as `readTail` has it
   */
  addInspected(inspected: readonly Inspected[], isLong: boolean, failed: SpmiError[]): void {
    this.#addAll(
      inspected.map(one => ({
        ...identify(one.manageable),
        ...describeStatus(one.status, one.facts, this.#now),
        ...(isLong && describeUse(one, failed)),
      })),
    )
  }

  /** Adds `manageables`, with their status. */
  addStatuses(shown: readonly Shown[]): void {
    this.#addAll(
      shown.map(({ manageable, status }) => ({
        ...identify(manageable),
        ...describeStatus(status, manageable.facts(status), this.#now),
      })),
    )
  }

  /** Adds `manageables`, with their runs. */
  addHistories(histories: readonly History[]): void {
    this.#addAll(
      histories.map(({ manageable, runs }) => ({
        ...identify(manageable),
        runs: runs.map(run => describeRun(run, this.#now) as JsonRun), // JSON leaves out what is undefined
      })),
    )
  }

  /** Adds `manageables`, with the runs that were removed of each. */
  addPruned({ done, removed }: PruneReport): void {
    this.#addAll(done.map(one => ({ ...identify(one), removed_runs: removed.get(one) ?? [] })))
  }

  /** Adds `manageables`, with what their start would do. */
  addPlanned(planned: Preview['planned']): void {
    this.#addAll(
      planned.map(({ manageable, plan: { script, path, launch } }) => ({
        ...identify(manageable),
        plan: { script, script_path: path, launch },
      })),
    )
  }

  #addAll(manageables: readonly Unfinished<JsonManageable>[]): void {
    this.add({ manageables })
  }

  /** What only says that all goes well is said by the rest. */
  override info(_message: string): void {}

  /** A warning with a code counts in the exit status, so it is one of the errors. */
  override warning(message: string, about: About = {}): void {
    if (about.code === undefined) this.#warnings.push({ message })
    else this.#errors.push({ code: about.code, message, ...about })
  }

  override error(problem: SpmiError | string, about: About = {}): void {
    const known = typeof problem === 'string' ? { message: problem } : explain(problem)
    this.#errors.push({ code: 'system', ...known, ...about })
  }

  override get isForPeople(): boolean {
    return false
  }

  /** Writes the document. */
  write({ stdout }: Pick<CliContext, 'stdout'>): void {
    const document: JsonDocument = {
      version: 1,
      ...this.#content,
      errors: this.#errors,
      warnings: this.#warnings,
    }
    stdout.write(`${escapeControls(JSON.stringify(document, makeValid, 2))}\n`)
  }
}

/** What JSON leaves out where it is undefined. */
type Unfinished<Shape> = { readonly [Key in keyof Shape]: Shape[Key] | undefined }

/** What is told of every manageable. */
export function identify({ id, type, comment, directory }: Manageable): JsonManageable {
  return { id, type, comment, path: directory }
}

/** The state of a manageable and its last run. */
export function describeStatus(
  { state, words, since }: ManageableStatus,
  facts: Facts,
  now: Date,
): Unfinished<JsonStatus> {
  return {
    state,
    words,
    since: since?.toISOString(),
    run: facts.run,
    started: facts.startedAt?.toISOString(),
    ended: facts.endedAt?.toISOString(),
    duration: durationOf(facts, state, now),
    outcome: facts.outcome,
    exit_code: facts.exitCode,
    exit: facts.exit,
    backend_type: facts.backendType,
    backend_id: facts.backendId,
    wrapper_type: facts.wrapperType,
    command: facts.command,
    pid: facts.pid,
  }
}

function describeRun(run: RunSummary, now: Date): Unfinished<JsonRun> {
  const { since, backend_id, wrapper_type, command, ...known } = describeStatus(run, run, now)
  return { ...known, run: run.number, path: run.directory }
}

function describeUse(one: Inspected, failed: SpmiError[]): Unfinished<Partial<JsonManageable>> {
  const { processes, cpuTime, memory } = one.usage ?? {}
  return { processes, cpu_time: cpuTime, memory, last_line: lastLineOf(one, failed) }
}

function explain({ code, message, id }: SpmiError): JsonError {
  return { code, message, ...(id !== undefined && { id }) }
}

/** Bytes that are no text (`system/byte-text.ts`) are U+FFFD in a document, which must be valid for everybody. */
function makeValid(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

/** What JSON leaves as it is, but a terminal may take for a command. It can only stand in strings. */
const CONTROLS = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function escapeControls(json: string): string {
  return json.replaceAll(CONTROLS, control => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
