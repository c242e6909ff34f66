/**
 * What a manageable is. Each kind is a child of Manageable, decorated with `manageable()`, in a module of the
 * manageables room or in a plug-in; its name ends with "Manageable".
 */

import type * as v from 'valibot'
import { SpmiError } from '../errors.ts'
import type { PoolStore } from '../store/pool-store.ts'
import type { Environment } from '../system/exec.ts'
import type { SignalName } from '../system/process.ts'
import type { Connection, Output } from './connection.ts'
import type { DiagnosisContext, Part } from './diagnosis.ts'
import type { Facts } from './facts.ts'
import { type Failure, throwFailure } from './failure.ts'
import type { ManageableClass } from './manageable-class.ts'
import type { DescriptorPlace } from './place.ts'
import type { RunSummary } from './run-summary.ts'
import { settleAll } from './settle-all.ts'
import type { Choice, LastStart, StartPlan } from './start.ts'
import type { ManageableStatus, StatusLine, Watch } from './status.ts'
import type { TableSchema } from './table-schema.ts'

export type { ManageableClass } from './manageable-class.ts'
export type { ManageableState, ManageableStatus, StatusLine, Watch } from './status.ts'

/** What all manageables of one command share. */
export interface ManageableContext {
  readonly store: PoolStore
  /** The environment that tasks are started with. */
  readonly environment: Environment
  /** The user's home directory. */
  readonly home: string
  /** The file mode creation mask that tasks are started with. */
  readonly umask: number
  /** Says what should be known although nothing failed. */
  readonly warn: (message: string) => void
}

/** What a manageable is made of: the normalised table of its descriptor. */
export interface ManageableTable {
  readonly id: string
  readonly comment: string
  readonly [key: string]: unknown
}

/** What of a manageable a signal reaches: its main process group, or every process of it. */
export type SignalReach = 'group' | 'all'

/** Anything that SPMI can load, start and stop. */
export abstract class Manageable {
  /**
   * The keys that the descriptor's table may hold besides `id` and `comment`. Only `load` asks, so that other commands
   * need not load schemas.
   */
  static async loadEntries(): Promise<v.ObjectEntries> {
    return {}
  }

  /** Whether its first start marks the record, so that without the mark it is known to be inactive. */
  static readonly marksFirstStart: boolean = false

  /** Whether an active one may get another descriptor, because its run keeps what it was started with. */
  static readonly keepsStart: boolean = false

  readonly id: string
  readonly comment: string
  /** @internal Whether its descriptor has replaced another one, with which its runs may have been started. */
  isReplaced = false
  /** The word in the descriptor that stands for this kind: "task". */
  readonly type: string
  readonly context: ManageableContext

  constructor(type: string, table: ManageableTable, context: ManageableContext) {
    this.type = type
    this.id = table.id
    this.comment = table.comment
    this.context = context
  }

  /** The directory that holds this manageable's files. */
  get directory(): string {
    return this.context.store.directoryOf(this.id)
  }

  /** The state as it is now. */
  abstract status(): Promise<ManageableStatus>

  /**
   * Starts it. Resolved only when the start has been recorded by what was started.
   * @throws SpmiError `active`, `unknown`, `start-failed`
   */
  abstract start(): Promise<void>

  /**
   * Asks it to end, and waits until no process of it is left.
   * @throws SpmiError `inactive`, `unknown`, `stop-failed`
   */
  abstract stop(): Promise<void>

  /** Ends it by force, and waits until no process of it is left. @throws SpmiError `inactive`, `kill-failed` */
  abstract kill(): Promise<void>

  /** Sends a signal to it, once. @throws SpmiError `inactive`, `unknown`, `unsupported` */
  async signal(signal: SignalName, reach: SignalReach = 'group'): Promise<void> {
    throwFailure(await kindOf(this).signalAll([this], signal, reach))
  }

  /**
   * Halts every process of it until `resume`.
   * @throws SpmiError `inactive`, `unknown`, `unsupported`, `pause-failed`
   */
  async pause(): Promise<void> {
    throwFailure(await kindOf(this).pauseAll([this]))
  }

  /** Lets every process of it go on. @throws as `pause` does */
  async resume(): Promise<void> {
    throwFailure(await kindOf(this).resumeAll([this]))
  }

  /**
   * Makes sure that nobody can start it any more, because its files are about to be removed.
   * @returns whether that still holds, given the hidden directory where its files are by then; a kind need not return it
   * @throws SpmiError `active` when it has been started meanwhile
   */
  abstract retire(): Promise<(directory: string) => boolean> | Promise<void>

  /**
   * Connects to its output and input, while it is active. A kind without it cannot be connected to.
   * @throws SpmiError `inactive`, `unknown`
   */
  connect?(): Promise<Connection>

  /** Opens the output of its last run, given its status; undefined where there is none. */
  async openOutput(_status: ManageableStatus): Promise<Output | undefined> {
    return undefined
  }

  /** Calls back when its status may have changed. That is a hint: not each change is told. A kind need not have it. */
  watch?(onChange: () => void): Promise<Watch>

  /** How many of its last runs its descriptor keeps; undefined for all. */
  get keepRuns(): number | undefined {
    return undefined
  }

  /** What its last start ran; undefined when it was never started. A kind without it cannot tell. */
  readLastStart?(): Promise<LastStart | undefined>

  /** The lines of its status block after `Path`, given its status. */
  describe(_status: ManageableStatus): readonly StatusLine[] {
    return []
  }

  /** What programs are told of it, given its status. */
  facts(_status: ManageableStatus): Facts {
    return {}
  }

  /** The last lines of its output, as they are, given its status. @throws SpmiError when it cannot be read */
  readTail(_lines: number, _status: ManageableStatus): readonly string[] {
    return []
  }

  /** The schema of the whole table. A kind whose keys depend on other classes overrides it. */
  static async schemaFor(_table: unknown, _store: PoolStore): Promise<TableSchema> {
    const { tableSchema } = await import('./table-schema.ts')
    // biome-ignore lint/complexity/noThisInStatic: the kind that is asked, which may be a child
    return tableSchema(await this.loadEntries())
  }

  /** The schema of every table that this kind takes, whatever classes it names: what editors and manuals are made of. */
  static everySchema(store: PoolStore): Promise<TableSchema> {
    // biome-ignore lint/complexity/noThisInStatic: the kind that is asked, which may be a child
    return this.schemaFor({}, store)
  }

  /** Makes the table independent of where the descriptor lies: resolves its relative paths. */
  static normalise(table: ManageableTable, _place: DescriptorPlace): ManageableTable {
    return table
  }

  /** Imports the plug-in classes that a loaded table needs; undefined when none is missing. */
  static prepare(_table: ManageableTable, _store: PoolStore): Promise<unknown> | undefined {
    return undefined
  }

  /**
   * The same manageables, whose next start takes something else than their descriptors say.
   * @throws SpmiError `usage` for what may not be chosen, or an AggregateError of several
   */
  static async chooseAll(items: readonly Manageable[], _choice: Choice): Promise<readonly Manageable[]> {
    throw new SpmiError('usage', `manageable "${items[0]?.id}" (${items[0]?.type}) has no backend`)
  }

  // What a command does to many of one kind at once. A kind that can do better than one after the other overrides
  // these; they never throw for what is wrong with a single manageable.

  static statusAll(items: readonly Manageable[]): Promise<readonly ManageableStatus[]> {
    return Promise.all(items.map(item => item.status()))
  }

  /** The runs of each, oldest first, or why they cannot be known; none for a kind that keeps none. */
  static summariseAll(items: readonly Manageable[]): Promise<readonly (readonly RunSummary[] | SpmiError)[]> {
    return Promise.resolve(items.map(() => []))
  }

  static startAll(items: readonly Manageable[]): Promise<readonly Failure[]> {
    return settleAll(items, item => item.start())
  }

  /** What a start would do, without any of it; or why it would fail. */
  static planAll(items: readonly Manageable[]): Promise<readonly (StartPlan | SpmiError)[]> {
    const refuse = ({ id, type }: Manageable) =>
      new SpmiError('usage', `manageable "${id}" (${type}) cannot tell what its start would do`)
    return Promise.resolve(items.map(refuse))
  }

  static stopAll(items: readonly Manageable[]): Promise<readonly Failure[]> {
    return settleAll(items, item => item.stop())
  }

  static killAll(items: readonly Manageable[]): Promise<readonly Failure[]> {
    return settleAll(items, item => item.kill())
  }

  /** What items of this kind rest on, and whether it can be used. @param _items those that are loaded */
  static async diagnose(_items: readonly Manageable[], _context: DiagnosisContext): Promise<readonly Part[]> {
    return []
  }

  // What a kind need not be able to do.

  static async signalAll(
    items: readonly Manageable[],
    _signal: SignalName,
    _reach: SignalReach,
  ): Promise<readonly Failure[]> {
    return items.map(item => cannot('signal', item))
  }

  static async pauseAll(items: readonly Manageable[]): Promise<readonly Failure[]> {
    return items.map(item => cannot('pause', item))
  }

  static async resumeAll(items: readonly Manageable[]): Promise<readonly Failure[]> {
    return items.map(item => cannot('resume', item))
  }
}

function cannot(verb: string, { id, type }: Manageable): SpmiError {
  return new SpmiError('unsupported', `cannot ${verb} manageable "${id}": "${type}" does not support it`)
}

function kindOf(manageable: Manageable): ManageableClass {
  return manageable.constructor as unknown as ManageableClass
}
