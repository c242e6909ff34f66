/** The manageables of a pool, as objects of their classes. */
import { errnoOf, SpmiError } from '../errors.ts'
import { DamagedFile, RELOAD_MENDS } from '../store/damage.ts'
import { parseJson } from '../store/files.ts'
import { isRecordFresh, isRecordReplaced } from '../store/record-marks.ts'
import { refuseId } from './id.ts'
import type { Manageable, ManageableClass, ManageableContext, ManageableTable } from './manageable.ts'
import { sortNaturally } from './natural-order.ts'
import { type Registry, TYPE_NAME } from './registry.ts'

/** What is found in a pool. */
export interface Listing {
  /** In natural order of ids. */
  readonly manageables: readonly Manageable[]
  /** Those that had never been started when they were read. */
  readonly fresh: ReadonlySet<Manageable>
  /** One error for each manageable whose files are damaged. */
  readonly damaged: readonly SpmiError[]
  /** Names in the pool that are not manageables of this program. */
  readonly foreign: readonly string[]
}

/** Makes the objects of a pool's manageables. */
export class Catalog {
  readonly context: ManageableContext
  readonly classes: Registry<ManageableClass>

  constructor(context: ManageableContext, classes: Registry<ManageableClass>) {
    this.context = context
    this.classes = classes
  }

  /**
   * Reads the manageables whose ids a filter lets pass.
   * @throws SpmiError for what is wrong with the pool; what is wrong with one manageable stands in the listing
   */
  async list(wants: (id: string) => boolean = () => true): Promise<Listing> {
    const ids = sortNaturally(this.context.store.listIds().filter(wants))
    const damaged: SpmiError[] = []
    const foreign: string[] = []
    const records: Record[] = []
    for (const id of ids) {
      try {
        // What cannot be an id was not put there by us, and its name may be a command for a terminal.
        const text = refuseId(id) === undefined ? this.context.store.readRecord(id) : undefined
        if (text === undefined) foreign.push(id)
        else records.push(parseRecord(id, text))
      } catch (error) {
        damaged.push(this.#explain(id, error))
      }
    }
    const fresh = new Set<Manageable>()
    return { manageables: await this.#make(records, fresh, damaged), fresh, damaged, foreign }
  }

  /** Makes the object of a checked table, loaded or not. */
  async make(type: string, table: ManageableTable): Promise<Manageable> {
    const found = await this.classes.resolve(type, this.context.store)
    await found.prepare(table, this.context.store)
    return new found(type, table, this.context)
  }

  async #make(
    records: readonly Record[],
    fresh: Set<Manageable>,
    damaged: SpmiError[],
  ): Promise<Manageable[]> {
    const manageables: Manageable[] = []
    for (const { type, table, isFresh, isReplaced } of records) {
      try {
        const found = this.classes.get(type) ?? (await this.classes.resolve(type, this.context.store))
        const missing = found.prepare(table, this.context.store)
        if (missing) await missing // only then: 10,000 turns of the event loop are felt
        const manageable = new found(type, table, this.context)
        manageable.isReplaced = isReplaced
        manageables.push(manageable)
        if (isFresh && found.marksFirstStart) fresh.add(manageable)
      } catch (error) {
        damaged.push(this.#explain(table.id, error))
      }
    }
    return manageables
  }

  /** What is said of a manageable that cannot be made. @throws what says nothing of it */
  #explain(id: string, error: unknown): SpmiError {
    if (error instanceof DamagedFile) return error.of(id, RELOAD_MENDS)
    if (error instanceof SpmiError)
      return new SpmiError(error.code, `manageable "${id}": ${error.message}`, { id })
    if (errnoOf(error) !== undefined) throw error // what is not the file's fault
    return this.context.store.damagedRecord(id, (error as Error).message).of(id, RELOAD_MENDS)
  }
}

interface Record {
  readonly type: string
  readonly table: ManageableTable
  readonly isFresh: boolean
  readonly isReplaced: boolean
}

function parseRecord(id: string, text: string): Record {
  const value = parseJson(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [type, table] of Object.entries(value))
      if (isTable(table) && table.id === id && TYPE_NAME.test(type))
        return { type, table, isFresh: isRecordFresh(text), isReplaced: isRecordReplaced(text) }
  }
  throw new SyntaxError('it is not the record of this manageable')
}

function isTable(value: unknown): value is ManageableTable {
  const table = value as Partial<ManageableTable> | null | undefined
  return typeof table === 'object' && typeof table?.id === 'string' && typeof table.comment === 'string'
}
