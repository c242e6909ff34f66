/** What `[task]` may hold: the keys of its backend and its wrapper depend on their types. */
import * as v from 'valibot'
import { KeyPath } from '../../core/descriptor.ts'
import type { ManageableTable } from '../../core/manageable.ts'
import type { Registry } from '../../core/registry.ts'
import { type TableSchema, tableSchema } from '../../core/table-schema.ts'
import { SpmiError } from '../../errors.ts'
import type { PoolStore } from '../../store/pool-store.ts'
import { backendClasses, DEFAULT_BACKEND } from './backends/index.ts'
import { DEFAULT_WRAPPER, wrapperClasses } from './wrappers/index.ts'

/** A checked `[task.backend]` or `[task.wrapper]`. */
export interface PartTable {
  readonly type: string
  readonly [key: string]: unknown
}

/** A checked `[task]`. */
export interface TaskTable extends ManageableTable {
  /** Absent from what older programs loaded. */
  readonly keep_runs?: number | undefined
  readonly backend: PartTable
  readonly wrapper: PartTable
}

/** The schema for one descriptor's `[task]`. */
export async function taskSchema(table: unknown, store: PoolStore): Promise<TableSchema> {
  const backend = await resolvePart(
    'backend',
    typeOf(table, 'backend') ?? DEFAULT_BACKEND,
    backendClasses,
    store,
  )
  const wrapper = await resolvePart(
    'wrapper',
    typeOf(table, 'wrapper') ?? DEFAULT_WRAPPER,
    wrapperClasses,
    store,
  )
  return joinParts(
    v.strictObject({ type: v.optional(v.string(), DEFAULT_BACKEND), ...(await backend.loadEntries()) }),
    v.strictObject({ type: v.optional(v.string(), DEFAULT_WRAPPER), ...(await wrapper.loadEntries()) }),
  )
}

/** The schema for every `[task]`: of each backend and wrapper that is known. */
export async function everyTaskSchema(store: PoolStore): Promise<TableSchema> {
  return joinParts(
    await everyPart(
      backendClasses,
      DEFAULT_BACKEND,
      'Type of the backend: which process manager runs the task.',
      store,
    ),
    await everyPart(wrapperClasses, DEFAULT_WRAPPER, 'Type of the wrapper: how the command is run.', store),
  )
}

function joinParts(backend: v.GenericSchema, wrapper: v.GenericSchema): TableSchema {
  return tableSchema({
    keep_runs: v.pipe(
      v.optional(
        v.pipe(
          v.number(),
          v.integer('must be a whole number'),
          v.minValue(1, 'must be at least 1'),
          v.maxValue(Number.MAX_SAFE_INTEGER, 'is too large'),
        ),
      ),
      v.description('How many runs are kept, with their output; the oldest are removed by the next start.'),
    ),
    backend: v.pipe(v.optional(backend, {}), v.description('Interface to a process manager, and its keys.')),
    wrapper: v.pipe(wrapper, v.description('How the command is run, and which one it is.')),
  })
}

/** What a part may hold: one alternative for each type. The default type need not be named. */
async function everyPart(
  classes: Registry<{ readonly loadEntries: () => Promise<v.ObjectEntries> }>,
  defaultType: string,
  description: string,
  store: PoolStore,
): Promise<v.GenericSchema> {
  const alternatives = classes.listTypes(store).map(async type => {
    const name = v.pipe(v.literal(type), v.description(description))
    const found = await classes.resolve(type, store)
    return v.strictObject({
      type: type === defaultType ? v.optional(name, type) : name,
      ...(await found.loadEntries()),
    })
  })
  return v.variant('type', await Promise.all(alternatives))
}

/** The type that a part names; undefined where it names none or is no table, which the schema then says. */
function typeOf(table: unknown, part: 'backend' | 'wrapper'): string | undefined {
  const type = (table as Readonly<Record<string, Partial<PartTable>>> | undefined)?.[part]?.type
  return typeof type === 'string' ? type : undefined
}

async function resolvePart<Class>(
  part: string,
  type: string,
  classes: Registry<Class>,
  store: PoolStore,
): Promise<Class> {
  try {
    return await classes.resolve(type, store)
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error
    throw new SpmiError(error.code, error.message, { cause: new KeyPath(part, 'type') })
  }
}
