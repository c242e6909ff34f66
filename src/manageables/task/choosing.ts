/**
 * The backend of one start: chosen instead of the descriptor's, or with other keys. What is chosen is checked as a descriptor
 * is, for all tasks before any of them starts.
 */
import * as v from 'valibot'
import { asUsage, check } from '../../core/check.ts'
import type { Choice } from '../../core/start.ts'
import type { PoolStore } from '../../store/pool-store.ts'
import { backendClasses } from './backends/index.ts'
import type { PartTable } from './schema.ts'
import type { TaskManageable } from './task.ts'

/**
 * The same tasks, to be started with what was chosen. Of another type than the descriptor's nothing but `set` counts; of the
 * same type it is merged with the descriptor's keys.
 * @throws SpmiError `usage` for an unknown type or a key or a value that its backend does not take, or an AggregateError
 */
export async function chooseBackends(
  tasks: readonly TaskManageable[],
  { backend, set = {} }: Choice,
): Promise<TaskManageable[]> {
  const chosen: TaskManageable[] = []
  const checked = new Map<string, PartTable>()
  for (const task of tasks) {
    const { type } = task.backendTable
    const wanted = backend ?? type
    const base = wanted === type ? task.backendTable : undefined
    const key = base === undefined ? `other ${wanted}` : wanted
    const table = checked.get(key) ?? (await checkChoice(task.context.store, wanted, set, base !== undefined))
    checked.set(key, table)
    chosen.push(task.choose({ ...base, ...table }))
  }
  return chosen
}

/** The table of a backend. @param isPart whether the descriptor has the other keys, so that none can be missing */
async function checkChoice(
  store: PoolStore,
  type: string,
  set: NonNullable<Choice['set']>,
  isPart: boolean,
): Promise<PartTable> {
  backendClasses.refuseUnknown(type, store) // one whose plug-in is broken is refused in other words
  const entries = Object.entries(await (await backendClasses.resolve(type, store)).loadEntries())
  const known = entries.map(([key, entry]) => [
    key,
    isPart && !(key in set) ? v.optional(v.unknown()) : entry,
  ])
  const where = { file: `backend "${type}"`, findLine: () => undefined }
  try {
    return { type, ...check(v.strictObject(Object.fromEntries(known)), [], { ...set }, where) }
  } catch (error) {
    throw asUsage(error)
  }
}
