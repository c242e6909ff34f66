/** load and reload: descriptors → the pool. All of a command's descriptors are taken, or none. */
import type { Catalog } from '../core/catalog.ts'
import { aggregate } from '../core/check.ts'
import { type Descriptor, readDescriptor, toRecord } from '../core/descriptor.ts'
import type { Manageable, ManageableClass } from '../core/manageable.ts'
import { errnoOf, SpmiError } from '../errors.ts'
import { alreadyLoaded, type LoadContent, type PoolStore } from '../store/pool-store.ts'
import { showAll } from './show.ts'

/**
 * Loads descriptors: all or none.
 * @param cwd the directory from which relative paths count
 * @throws SpmiError `descriptor`, `exists`, `pool`, or an AggregateError of several
 */
export async function load(catalog: Catalog, paths: readonly string[], cwd: string): Promise<Manageable[]> {
  const descriptors = await readAll(catalog, paths, cwd)
  const { store } = catalog.context
  refuse(descriptors.filter(({ table }) => store.has(table.id)).map(({ table }) => alreadyLoaded(table.id)))
  await store.add(descriptors.map(toContent))
  return Promise.all(descriptors.map(({ type, table }) => catalog.make(type, table)))
}

/** What came of new descriptors. */
export interface Reloaded {
  readonly manageables: readonly Manageable[]
  /** Those that are active: for them the new descriptor counts from the next start. */
  readonly active: readonly Manageable[]
}

/**
 * Replaces the descriptors of manageables, and keeps their runs and output. What runs keeps what it was started with.
 * @throws SpmiError `descriptor`, `missing`, `active`, `unknown`, or an AggregateError of several; nothing is
 *   replaced then
 */
export async function reload(catalog: Catalog, paths: readonly string[], cwd: string): Promise<Reloaded> {
  return replaceAll(catalog, await readAll(catalog, paths, cwd))
}

/** Puts descriptors in the place of those that are loaded: all, or with the reasons none. */
export async function replaceAll(catalog: Catalog, descriptors: readonly Descriptor[]): Promise<Reloaded> {
  const { store } = catalog.context
  const manageables = await Promise.all(descriptors.map(({ type, table }) => catalog.make(type, table)))
  for (const manageable of manageables) manageable.isReplaced = true
  const ids = new Set(manageables.map(({ id }) => id))
  // A damaged one is asked through its new descriptor, which mends it.
  const loaded = new Map((await catalog.list(id => ids.has(id))).manageables.map(old => [old.id, old]))
  const shown = await showAll(manageables.map(manageable => loaded.get(manageable.id) ?? manageable))
  const states = shown.map(({ status }) => status.state)
  refuse(
    manageables.flatMap((manageable, index) => {
      const { id } = manageable
      if (!store.has(id)) return [missing(id)]
      if (states[index] === 'inactive' || keepsStart(loaded.get(id), manageable)) return []
      return [refuseRunning(id, states[index] === 'active')]
    }),
  )
  await Promise.all(descriptors.map(descriptor => replace(store, descriptor)))
  return { manageables, active: manageables.filter((_, index) => states[index] === 'active') }
}

async function replace(store: PoolStore, descriptor: Descriptor): Promise<void> {
  try {
    await store.replace(toContent(descriptor))
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? missing(descriptor.table.id) : error // it has just been cleaned
  }
}

/** Whether what runs is not touched by a new descriptor: it is of the same kind, which looks after that. */
function keepsStart(old: Manageable | undefined, next: Manageable): boolean {
  const kind = next.constructor as unknown as ManageableClass
  return kind.keepsStart && (old === undefined || old.constructor === kind)
}

function missing(id: string): SpmiError {
  return new SpmiError('missing', `manageable "${id}" is not loaded`, { hint: '"spmi load" loads it', id })
}

function refuseRunning(id: string, isActive: boolean): SpmiError {
  const reason = isActive ? 'it is active' : 'whether it is active is unknown'
  return new SpmiError(isActive ? 'active' : 'unknown', `cannot reload manageable "${id}": ${reason}`, { id })
}

async function readAll(catalog: Catalog, paths: readonly string[], cwd: string): Promise<Descriptor[]> {
  const { descriptors, errors } = await readDescriptors(catalog, paths, cwd)
  refuse(errors)
  return descriptors
}

/** Reads and checks descriptors. @returns those that are right, and everything that is wrong */
export async function readDescriptors(
  { classes, context }: Catalog,
  paths: readonly string[],
  cwd: string,
): Promise<{ readonly descriptors: Descriptor[]; readonly errors: readonly Error[] }> {
  const errors: Error[] = []
  const descriptors: Descriptor[] = []
  for (const path of paths) {
    try {
      descriptors.push(await readDescriptor(path, cwd, context.home, classes, context.store))
    } catch (error) {
      if (error instanceof AggregateError) errors.push(...(error.errors as Error[]))
      else if (error instanceof SpmiError) errors.push(error)
      else throw error
    }
  }
  return { descriptors, errors: [...errors, ...findTwins(descriptors)] }
}

function findTwins(descriptors: readonly Descriptor[]): SpmiError[] {
  const files = new Map<string, string>()
  return descriptors.flatMap(({ file, table: { id } }) => {
    const first = files.get(id)
    files.set(id, first ?? file)
    return first === undefined
      ? []
      : [new SpmiError('descriptor', `${file}: the id "${id}" is in ${first} as well`)]
  })
}

function refuse(errors: readonly Error[]): void {
  if (errors.length > 0) throw aggregate(errors)
}

/** What the pool keeps of a descriptor. */
export function toContent(descriptor: Descriptor): LoadContent {
  return {
    id: descriptor.table.id,
    format: descriptor.format,
    source: descriptor.source,
    folder: descriptor.folder,
    record: toRecord(descriptor),
  }
}
