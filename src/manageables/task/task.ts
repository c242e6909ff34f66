/**
 * A task runs one shell command. It joins a backend, the interface to a process manager, and a wrapper, which decides
 * how the command is run. What a command does to many tasks is done to all at once.
 */
import type { Output } from '../../core/connection.ts'
import type { DiagnosisContext, Part } from '../../core/diagnosis.ts'
import type { Facts } from '../../core/facts.ts'
import { type Failure, throwFailure } from '../../core/failure.ts'
import {
  Manageable,
  type ManageableContext,
  type ManageableTable,
  type SignalReach,
  type StatusLine,
  type Watch,
} from '../../core/manageable.ts'
import { manageable } from '../../core/manageable-class.ts'
import type { DescriptorPlace } from '../../core/place.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import type { Choice, LastStart, StartPlan } from '../../core/start.ts'
import type { TableSchema } from '../../core/table-schema.ts'
import type { SpmiError } from '../../errors.ts'
import { readTail } from '../../store/output.ts'
import type { PoolStore } from '../../store/pool-store.ts'
import type { SignalName } from '../../system/process.ts'
import { Backend, type BackendOptions } from './backends/backend.ts'
import { backendClasses } from './backends/index.ts'
import type { TaskConnection } from './connection.ts'
import { observe } from './observe.ts'
import { type NextBackend, nextBackend, partsOf, withoutType } from './parts.ts'
import type { PartTable, TaskTable } from './schema.ts'
import { wrapperOfNextRun } from './started-wrapper.ts'
import type { TaskStatus } from './status.ts'
import { wrapperClasses } from './wrappers/index.ts'
import { Wrapper, type WrapperOptions } from './wrappers/wrapper.ts'

/** Handles a single shell command. */
export class TaskManageable extends Manageable {
  static override readonly marksFirstStart = true
  static override readonly keepsStart = true
  static readonly Backend = Backend
  static readonly Wrapper = Wrapper

  readonly #table: TaskTable
  #next: NextBackend | undefined

  constructor(type: string, table: ManageableTable, context: ManageableContext) {
    super(type, table, context)
    this.#table = table as TaskTable
  }

  /** The descriptor's backend. */
  get backend(): Backend {
    return partsOf(this.context).backend(this.#table.backend.type)
  }

  get backendOptions(): BackendOptions {
    return withoutType(this.#table.backend)
  }

  /** @internal The descriptor's `[task.backend]`, checked. */
  get backendTable(): PartTable {
    return this.#table.backend
  }

  /** @internal What the next run is started with: the descriptor's backend, unless another one was chosen. */
  get next(): NextBackend {
    this.#next ??= nextBackend(this.context, this.#table.backend, false)
    return this.#next
  }

  /** @internal The same task, whose next run is started with another backend than the descriptor's. */
  choose(table: PartTable): TaskManageable {
    const Class = this.constructor as typeof TaskManageable
    const task = new Class(this.type, this.#table, this.context)
    task.isReplaced = this.isReplaced
    task.#next = nextBackend(this.context, table, true)
    return task
  }

  get wrapper(): Wrapper {
    return partsOf(this.context).wrapper(this.#table.wrapper.type)
  }

  get wrapperOptions(): WrapperOptions {
    return withoutType(this.#table.wrapper)
  }

  override get keepRuns(): number | undefined {
    return this.#table.keep_runs
  }

  override async status(): Promise<TaskStatus> {
    const [observation] = await observe([this])
    const status = observation?.status ?? { state: 'unknown' }
    const isUntracked = status.run === undefined && !this.context.store.has(this.id)
    return isUntracked ? { state: 'untracked' } : status
  }

  override async start(): Promise<void> {
    throwFailure(await TaskManageable.startAll([this]))
  }

  override async stop(): Promise<void> {
    throwFailure(await TaskManageable.stopAll([this]))
  }

  override async kill(): Promise<void> {
    throwFailure(await TaskManageable.killAll([this]))
  }

  override async retire() {
    return (await import('./starting.ts')).retireTask(this)
  }

  override async connect(): Promise<TaskConnection> {
    return (await import('./connecting.ts')).connectTask(this)
  }

  override async openOutput({ run }: TaskStatus): Promise<Output | undefined> {
    const { RunOutput } = await import('./run-output.ts')
    return run && new RunOutput(run.directory)
  }

  override async watch(onChange: () => void): Promise<Watch> {
    const { JournalWatch } = await import('../../store/journal-watch.ts')
    return new JournalWatch(this.directory, onChange)
  }

  override async readLastStart(): Promise<LastStart | undefined> {
    return (await import('./last-start.ts')).readLastStart(this)
  }

  override describe(status: TaskStatus): readonly StatusLine[] {
    const facts = this.facts(status)
    const lines: readonly (readonly [string, string | undefined])[] = [
      ['Backend type', facts.backendType],
      ['Backend ID', facts.backendId],
      ['Wrapper type', facts.wrapperType],
      ['Command', facts.command],
      ['PID', facts.pid?.toString()],
      ['Exit code', facts.exit],
    ]
    return lines.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]))
  }

  override facts(status: TaskStatus): Facts {
    const { run, startedAt, endedAt, outcome, exitCode, exit, backendId, pid } = status
    const { name = '', wrapper, command } = status.processes ?? {} // and nothing else of the run
    const processes = status.processes && { name, wrapper, command }
    const shown = (status.state === 'active' && status.startedWrapper) || wrapperOfNextRun(this)
    return {
      ...{ run: run?.number, startedAt, endedAt, outcome, exitCode, exit, pid, processes },
      ...{ backendType: status.backendType ?? this.backend.type, backendId },
      ...{ wrapperType: shown.type, command: shown.command },
    }
  }

  override readTail(lines: number, status: TaskStatus): readonly string[] {
    return status.run === undefined ? [] : readTail(status.run.directory, lines)
  }

  // What most commands do not need is imported when it is used, for the sake of their start-up.

  static override async schemaFor(table: unknown, store: PoolStore): Promise<TableSchema> {
    return (await import('./schema.ts')).taskSchema(table, store)
  }

  static override async everySchema(store: PoolStore): Promise<TableSchema> {
    return (await import('./schema.ts')).everyTaskSchema(store)
  }

  static override normalise(table: ManageableTable, place: DescriptorPlace): ManageableTable {
    const { wrapper } = table as TaskTable
    const found = wrapperClasses.get(wrapper.type)
    if (found === undefined) return table
    const options = new found(wrapper.type).normalise(withoutType(wrapper), place)
    return { ...table, wrapper: { type: wrapper.type, ...options } }
  }

  static override prepare(table: ManageableTable, store: PoolStore): Promise<unknown> | undefined {
    const { backend, wrapper } = table as Partial<TaskTable>
    if (typeof backend?.type !== 'string' || typeof wrapper?.type !== 'string')
      throw new SyntaxError('it is not the record of a task')
    if (backendClasses.get(backend.type) && wrapperClasses.get(wrapper.type)) return undefined
    return Promise.all([
      backendClasses.resolve(backend.type, store),
      wrapperClasses.resolve(wrapper.type, store),
    ])
  }

  static override async chooseAll(tasks: readonly Manageable[], choice: Choice): Promise<TaskManageable[]> {
    const { chooseBackends } = await import('./choosing.ts')
    return chooseBackends(tasks as readonly TaskManageable[], choice)
  }

  static override async statusAll(tasks: readonly Manageable[]): Promise<readonly TaskStatus[]> {
    const observations = await observe(tasks as readonly TaskManageable[])
    return observations.map(observation => observation.status)
  }

  static override async summariseAll(
    tasks: readonly Manageable[],
  ): Promise<readonly (readonly RunSummary[] | SpmiError)[]> {
    const { summariseRuns } = await import('./summarising.ts')
    return summariseRuns(tasks as readonly TaskManageable[])
  }

  static override async startAll(tasks: readonly Manageable[]): Promise<readonly Failure[]> {
    const { startTasks } = await import('./starting.ts')
    return startTasks(tasks as readonly TaskManageable[])
  }

  static override async planAll(tasks: readonly Manageable[]): Promise<readonly (StartPlan | SpmiError)[]> {
    const { planTasks } = await import('./planning.ts')
    return planTasks(tasks as readonly TaskManageable[])
  }

  static override async stopAll(tasks: readonly Manageable[]): Promise<readonly Failure[]> {
    const { stopTasks } = await import('./stopping.ts')
    return stopTasks(tasks as readonly TaskManageable[])
  }

  static override async killAll(tasks: readonly Manageable[]): Promise<readonly Failure[]> {
    const { killTasks } = await import('./killing.ts')
    return killTasks(tasks as readonly TaskManageable[])
  }

  static override async diagnose(
    tasks: readonly Manageable[],
    context: DiagnosisContext,
  ): Promise<readonly Part[]> {
    const { diagnoseParts } = await import('./diagnose.ts')
    return diagnoseParts(tasks as readonly TaskManageable[], context)
  }

  static override async signalAll(
    tasks: readonly Manageable[],
    signal: SignalName,
    reach: SignalReach,
  ): Promise<readonly Failure[]> {
    const { signalTasks } = await import('./signalling.ts')
    return signalTasks(tasks as readonly TaskManageable[], signal, reach)
  }

  static override async pauseAll(tasks: readonly Manageable[]): Promise<readonly Failure[]> {
    const { pauseTasks } = await import('./signalling.ts')
    return pauseTasks(tasks as readonly TaskManageable[])
  }

  static override async resumeAll(tasks: readonly Manageable[]): Promise<readonly Failure[]> {
    const { resumeTasks } = await import('./signalling.ts')
    return resumeTasks(tasks as readonly TaskManageable[])
  }
}

manageable()(TaskManageable)
