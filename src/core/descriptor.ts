/**
 * Descriptor file → checked and normalised object. TOML, YAML and JSON carry the same structure: one top table,
 * whose name is the type of the manageable. Everything wrong is said with file, line where the parser knows it, and key
 * path.
 */
import { extname, join, resolve } from 'node:path'
import { errnoOf, SpmiError } from '../errors.ts'
import { readDescriptorFile } from '../store/descriptor-files.ts'
import type { DescriptorFormat, PoolStore } from '../store/pool-store.ts'
import { check, isTable, problem, type Where } from './check.ts'
import type { ManageableClass, ManageableTable } from './manageable.ts'
import type { DescriptorPlace } from './place.ts'
import type { Registry } from './registry.ts'
import { parseDescriptor, showKey, writeToml } from './syntax.ts'

/** A descriptor that may be loaded. */
export interface Descriptor {
  readonly file: string
  readonly format: DescriptorFormat
  /** The file's bytes. */
  readonly source: Uint8Array
  /** The folder from which its relative paths count. */
  readonly folder: string
  readonly type: string
  readonly table: ManageableTable
}

/** The key that tells editors where the JSON Schema is: in JSON, which has no comments, it can only stand in the content. */
const SCHEMA_KEY = '$schema'

const FORMATS: Readonly<Record<string, DescriptorFormat>> = {
  '.toml': 'toml',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
}

/**
 * Reads and checks a descriptor.
 * @param file its path; a relative one counts from `cwd`
 * @param origin the folder from which its relative paths count, if that is not the file's own
 * @throws SpmiError `descriptor` for the first thing that is wrong, or an AggregateError of several of them
 */
export async function readDescriptor(
  file: string,
  cwd: string,
  home: string,
  classes: Registry<ManageableClass>,
  store: PoolStore,
  origin?: string,
): Promise<Descriptor> {
  const format = FORMATS[extname(file).toLowerCase()]
  if (format === undefined)
    throw new SpmiError('descriptor', `${file}: not a descriptor: its name ends with none of ${endings()}`)
  const path = resolve(cwd, file)
  const source = readSource(path, file)
  const { value, findLine } = await parseDescriptor(format, decode(source, file), file)
  const [type, content] = takeTopTable(value, { file, findLine })
  const folder = origin ?? join(path, '..')
  const table = await checkTable(type, content, { file, findLine }, { folder, home }, classes, store)
  return { file, format, source, folder, type, table }
}

/**
 * Makes a descriptor of a table that no file holds, and its text in TOML.
 * @param name what stands for a file in messages
 * @throws SpmiError `descriptor` for the first thing that is wrong, or an AggregateError of several of them
 */
export async function composeDescriptor(
  name: string,
  type: string,
  content: Readonly<Record<string, unknown>>,
  place: DescriptorPlace,
  classes: Registry<ManageableClass>,
  store: PoolStore,
): Promise<Descriptor> {
  const where = { file: name, findLine: () => undefined }
  const table = await checkTable(type, content, where, place, classes, store)
  const source = new TextEncoder().encode(await writeToml({ [type]: content }))
  return { file: name, format: 'toml', source, folder: place.folder, type, table }
}

async function checkTable(
  type: string,
  content: unknown,
  where: Where,
  place: DescriptorPlace,
  classes: Registry<ManageableClass>,
  store: PoolStore,
): Promise<ManageableTable> {
  const found = await atPath(where, [type], () => classes.resolve(type, store))
  const schema = await atPath(where, [type], () => found.schemaFor(content, store))
  return found.normalise(check(schema, [type], content, where), place)
}

/** The text that is stored as manageable.json. The same for each format of the same descriptor. */
export function toRecord(descriptor: Pick<Descriptor, 'type' | 'table'>): string {
  return `${JSON.stringify({ [descriptor.type]: descriptor.table }, undefined, 2)}\n`
}

/** Says where in the descriptor a plug-in or a type was not found. */
async function atPath<T>(where: Where, path: readonly PropertyKey[], act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error
    const deeper = error.cause instanceof KeyPath ? error.cause.path : []
    throw problem(where, [...path, ...deeper], error.message)
  }
}

/** The cause of a SpmiError that knows the key, below the top table, which is to blame. */
export class KeyPath {
  readonly path: readonly string[]
  constructor(...path: string[]) {
    this.path = path
  }
}

function readSource(path: string, file: string): Uint8Array {
  try {
    return readDescriptorFile(path)
  } catch (error) {
    if (error instanceof SpmiError) throw new SpmiError('descriptor', `${file}: ${error.message}`)
    if (errnoOf(error) === 'ENOENT') throw new SpmiError('descriptor', `${file}: no such file`)
    if (errnoOf(error) === undefined) throw error
    throw new SpmiError('descriptor', `${file}: cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function decode(source: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source) // drops a byte order mark
  } catch (error) {
    throw new SpmiError('descriptor', `${file}: is not UTF-8 text`, { cause: error })
  }
}

function takeTopTable(value: unknown, where: Where): readonly [string, unknown] {
  const fail = (text: string): never => {
    throw new SpmiError('descriptor', `${where.file}: ${text}`)
  }
  if (!isTable(value)) return fail('a descriptor is a table, such as [task]')
  const { [SCHEMA_KEY]: schema = '' } = value
  if (typeof schema !== 'string') return fail(`"${SCHEMA_KEY}" must be a string: where the JSON Schema is`)
  const tables = Object.entries(value).filter(([key]) => key !== SCHEMA_KEY)
  const [first, ...others] = tables
  if (first === undefined)
    return fail('the descriptor is empty; it begins with one top table, such as [task]')
  if (others.length > 0)
    return fail(
      `one top table is allowed, but there are ${tables.length}: ${listKeys(tables.map(([key]) => key))}`,
    )
  if (!isTable(first[1])) return fail(`"${showKey(first[0])}" must be a table, such as [task]`)
  return first
}

function endings(): string {
  return Object.keys(FORMATS).join(', ')
}

function listKeys(keys: readonly string[]): string {
  const shown = keys.slice(0, 5).map(showKey).join(', ')
  return keys.length > 5 ? `${shown}, …` : shown
}
