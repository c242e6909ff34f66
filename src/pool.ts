/** The library's pool: one method per verb, which prints nothing. */
import type { Catalog } from './core/catalog.ts'
import type { Connection } from './core/connection.ts'
import type { Diagnosis } from './core/diagnosis.ts'
import type { JsonSchema } from './core/json-schema.ts'
import type { Manageable, SignalReach } from './core/manageable.ts'
import type { SignalName } from './core/signal-name.ts'
import type { Choice } from './core/start.ts'
import { type CheckReport, check } from './verbs/check.ts'
import { clean } from './verbs/clean.ts'
import { connect } from './verbs/connect.ts'
import { doctor } from './verbs/doctor.ts'
import { edit } from './verbs/edit.ts'
import { type History, history } from './verbs/history.ts'
import { type Inspection, type Inspections, inspect } from './verbs/inspect.ts'
import { kill } from './verbs/kill.ts'
import { list } from './verbs/list.ts'
import { load, reload } from './verbs/load.ts'
import { type LogsChoice, type LogsReader, readLogs } from './verbs/logs.ts'
import { writeNew } from './verbs/new.ts'
import { openCatalog, type PoolOptions } from './verbs/open.ts'
import { pause } from './verbs/pause.ts'
import { type PruneReport, prune } from './verbs/prune.ts'
import { restart } from './verbs/restart.ts'
import { resume } from './verbs/resume.ts'
import { type RunRequest, run } from './verbs/run.ts'
import { type Report, type Selection, select } from './verbs/select.ts'
import type { Shown } from './verbs/show.ts'
import { type ShownParts, showParts } from './verbs/show-parts.ts'
import { signal } from './verbs/signal.ts'
import { type Preview, planStart, start } from './verbs/start.ts'
import { status } from './verbs/status.ts'
import { stop } from './verbs/stop.ts'
import { type Waited, type WaitOptions, wait } from './verbs/wait.ts'

export type { PoolOptions }

/** A directory of loaded manageables, and what can be done with them. */
export class Pool {
  readonly #catalog: Catalog
  readonly #cwd: string

  private constructor(catalog: Catalog, cwd: string) {
    this.#catalog = catalog
    this.#cwd = cwd
  }

  /**
   * Opens a pool. One that does not exist is empty, and is made by the first load.
   * @throws SpmiError `pool` when the directory belongs to somebody else, is open to others or of a newer format
   */
  static async open(options: PoolOptions = {}): Promise<Pool> {
    return new Pool(openCatalog(options), options.cwd ?? process.cwd())
  }

  /** Examines a pool, also one that cannot be opened, and whether what its manageables rest on can be used here. */
  static doctor(options: PoolOptions = {}): Promise<Diagnosis> {
    return doctor(options)
  }

  /** The pool's directory, absolute. */
  get path(): string {
    return this.#catalog.context.store.path
  }

  /** Loads descriptors: all or none. @throws SpmiError `descriptor`, `exists`, `pool`, or an AggregateError of several */
  load(paths: readonly string[]): Promise<Manageable[]> {
    return load(this.#catalog, paths, this.#cwd)
  }

  /**
   * Replaces the descriptors of manageables, all or none, and keeps their runs and output. For an active one it counts from
   * the next start.
   * @throws SpmiError `descriptor`, `missing`, `active`, `unknown`, or an AggregateError of several
   */
  async reload(paths: readonly string[]): Promise<readonly Manageable[]> {
    return (await reload(this.#catalog, paths, this.#cwd)).manageables
  }

  /** Checks descriptors as `load` does, and loads none. */
  check(paths: readonly string[]): Promise<CheckReport> {
    return check(this.#catalog, paths, this.#cwd)
  }

  /** The JSON Schema of descriptors, with the plug-ins of the pool. @throws SpmiError `plugin` for one that cannot be imported */
  async schema(): Promise<JsonSchema> {
    return (await import('./verbs/schema.ts')).schema(this.#catalog)
  }

  /**
   * The manageables whose whole ids match one of the patterns, in natural order of ids.
   * @param patterns regular expressions of RE2's syntax
   * @throws SpmiError `usage` for an invalid pattern
   */
  find(patterns: readonly string[]): Promise<Selection> {
    return select(this.#catalog, patterns)
  }

  /** All manageables with their states, in natural order of ids. */
  async list(): Promise<readonly Shown[]> {
    return (await list(this.#catalog)).shown
  }

  /**
   * All that is known of the manageables that match: their last runs, and what their processes use.
   * @param patterns none for all
   * @param inspection what is wanted; all, and nothing measured, by default
   * @throws SpmiError `usage` for an invalid pattern
   */
  inspect(patterns: readonly string[] = [], inspection?: Inspection): Promise<Inspections> {
    return inspect(this.#catalog, patterns, inspection)
  }

  /** The status of the manageables that match. @throws SpmiError `usage` for an invalid pattern */
  async status(patterns: readonly string[]): Promise<readonly Shown[]> {
    return (await status(this.#catalog, patterns)).shown
  }

  /**
   * Starts the inactive ones that match.
   * @param choice what these runs take instead of what the descriptors say
   * @throws SpmiError `usage` for an invalid pattern or choice; nothing is started then
   */
  start(patterns: readonly string[], choice?: Choice): Promise<Report> {
    return start(this.#catalog, patterns, choice)
  }

  /**
   * Tells what `start` would do: the script and the argv for each one. Nothing is started or written.
   * @throws SpmiError `usage` for an invalid pattern or choice
   */
  planStart(patterns: readonly string[], choice?: Choice): Promise<Preview> {
    return planStart(this.#catalog, patterns, choice)
  }

  /**
   * Loads and starts a task that no descriptor file describes.
   * @returns the task and its status right after the start
   * @throws SpmiError `usage` for what a descriptor may not say, `exists`, `start-failed`, or an AggregateError of several
   */
  run(request: RunRequest): Promise<Shown> {
    return run(this.#catalog, request, this.#cwd)
  }

  /**
   * Waits until those that match are inactive; it uses next to no CPU meanwhile.
   * @returns their last statuses, with the exit codes of those that have ended
   * @throws SpmiError `usage` for an invalid pattern
   */
  wait(patterns: readonly string[], options?: WaitOptions): Promise<Selection & Waited> {
    return wait(this.#catalog, patterns, options)
  }

  /**
   * Writes the descriptor of a task, `NAME.toml`, with every key that it may have.
   * @param backend its type; the default one without it
   * @returns the name of the file
   * @throws SpmiError `usage` for a name that is no id or an unknown backend, `exists` when there is such a file
   */
  writeNew(name: string, backend?: string): Promise<string> {
    return writeNew(this.#catalog, name, backend, this.#cwd)
  }

  /** Asks the active ones that match to end, and waits. @throws SpmiError `usage` for an invalid pattern */
  stop(patterns: readonly string[]): Promise<Report> {
    return stop(this.#catalog, patterns)
  }

  /** Ends the active ones that match by force. @throws SpmiError `usage` for an invalid pattern */
  kill(patterns: readonly string[]): Promise<Report> {
    return kill(this.#catalog, patterns)
  }

  /**
   * Reads the output of those that match: what is there, of one after the other, and with a signal also what comes, until it is
   * aborted.
   * @throws SpmiError `usage` for an invalid pattern
   */
  async logs(
    patterns: readonly string[],
    reader: LogsReader,
    choice: LogsChoice = {},
    signal?: AbortSignal,
  ): Promise<Selection & Pick<Report, 'failed'>> {
    return readLogs(await select(this.#catalog, patterns), choice, reader, signal)
  }

  /** The runs of those that match, oldest first. @throws SpmiError `usage` for an invalid pattern */
  async history(patterns: readonly string[]): Promise<readonly History[]> {
    return (await history(this.#catalog, patterns)).histories
  }

  /**
   * Removes all but the last runs of those that match, with their output; never the last one or what is active.
   * @param keep how many stay, at least 1; by default what the descriptors say
   * @throws SpmiError `usage` for an invalid pattern
   */
  prune(patterns: readonly string[], keep?: number): Promise<PruneReport> {
    return prune(this.#catalog, patterns, keep)
  }

  /** Removes the inactive ones that match. @throws SpmiError `usage` for an invalid pattern */
  clean(patterns: readonly string[]): Promise<Report> {
    return clean(this.#catalog, patterns)
  }

  /**
   * Stops the active ones that match, all at once, and starts all that match; what does not stop is not started.
   * @param choice what these runs take instead of what the descriptors say
   * @throws SpmiError `usage` for an invalid pattern or choice; nothing is stopped then
   */
  restart(patterns: readonly string[], choice?: Choice): Promise<Report> {
    return restart(this.#catalog, patterns, choice)
  }

  /**
   * Sends a signal to the active ones that match, once to each process that it is to reach.
   * @throws SpmiError `usage` for an invalid pattern
   */
  signal(name: SignalName, patterns: readonly string[], reach?: SignalReach): Promise<Report> {
    return signal(this.#catalog, name, patterns, reach)
  }

  /** Halts every process of the active ones that match. @throws SpmiError `usage` for an invalid pattern */
  pause(patterns: readonly string[]): Promise<Report> {
    return pause(this.#catalog, patterns)
  }

  /** Lets the active ones that match go on. @throws SpmiError `usage` for an invalid pattern */
  resume(patterns: readonly string[]): Promise<Report> {
    return resume(this.#catalog, patterns)
  }

  /**
   * Changes the descriptor of one: `change` changes a draft, which is checked before it takes the descriptor's place.
   * @param change gets the path of the draft
   * @returns the manageable with its new descriptor; undefined when nothing was changed
   * @throws SpmiError as `reload`; nothing is changed then
   */
  async edit(id: string, change: (path: string) => Promise<void>): Promise<Manageable | undefined> {
    return (await edit(this.#catalog, id, { change }))?.manageables[0]
  }

  /**
   * The descriptor of one, and script and environment of its last start.
   * @param secrets what becomes of values that may be secret
   * @throws SpmiError `missing`, `damaged`
   */
  show(id: string, secrets: 'hide' | 'reveal' = 'hide'): Promise<ShownParts> {
    return showParts(this.#catalog, id, secrets)
  }

  /**
   * Connects to the output and input of an active one.
   * @throws SpmiError `missing`, `inactive`, `unknown`
   */
  connect(id: string): Promise<Connection> {
    return connect(this.#catalog, id)
  }
}
