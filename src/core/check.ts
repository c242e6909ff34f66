/** Checks what a descriptor says against a schema, and says what is wrong: file, line, key path, and the right name. */
import * as v from 'valibot'
import { SpmiError } from '../errors.ts'
import { suggest } from './suggest.ts'

/** The line of a key path in the file, counted from 1, where the parser knows it. */
export type FindLine = (path: readonly PropertyKey[]) => number | undefined

/** Where a descriptor's keys are. */
export interface Where {
  readonly file: string
  readonly findLine: FindLine
}

/** What is wrong with a key. */
export function problem(where: Where, path: readonly PropertyKey[], text: string, hint?: string): SpmiError {
  const line = where.findLine(path)
  const place = line === undefined ? where.file : `${where.file}:${line}`
  return new SpmiError('descriptor', `${place}: ${path.map(String).join('.')}: ${text}`, { hint })
}

/** One error as it is, several as an AggregateError. */
export function aggregate(errors: readonly Error[]): Error {
  return errors.length === 1 && errors[0] ? errors[0] : new AggregateError(errors, 'several problems')
}

/** What would be wrong in a descriptor, as wrong usage of a command. @returns anything else as it is */
export function asUsage(error: unknown): unknown {
  if (error instanceof AggregateError) return aggregate((error.errors as Error[]).map(asUsage) as Error[])
  return error instanceof SpmiError ? new SpmiError('usage', error.message, { cause: error }) : error
}

/** Whether a value is what the formats call a table: neither a list nor a date. */
export function isTable(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Checks the content of a table.
 * @param root its key path
 * @throws SpmiError `descriptor`, or an AggregateError of several
 */
export function check<T>(
  schema: v.GenericSchema<unknown, T>,
  root: readonly string[],
  content: unknown,
  where: Where,
): T {
  const wrong = findFalseTables(schema, content, root)
  if (wrong.length > 0)
    throw aggregate(wrong.map(path => problem(where, path, 'must be table, not a list or a date')))
  const result = v.safeParse(schema, content)
  if (!result.success) throw aggregate(explainAll(result.issues, root, schema, where))
  const invalid = findInvalidText(result.output, root)
  if (invalid !== undefined) throw problem(where, invalid, 'must be valid Unicode')
  return result.output
}

/** How many problems of one descriptor are told. */
const MOST = 20

function explainAll(
  issues: readonly v.BaseIssue<unknown>[],
  root: readonly string[],
  schema: unknown,
  where: Where,
): SpmiError[] {
  const told = issues.slice(0, MOST).map(issue => explain(issue, root, schema, where))
  const more = issues.length - told.length
  return more === 0 ? told : [...told, new SpmiError('descriptor', `${where.file}: ${more} more are wrong`)]
}

/**
 * The key path of a text that no file can hold: half of a surrogate pair, which JSON and YAML can write with `\u`. In files it would become
 * something else.
 */
function findInvalidText(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, each] of Object.entries(value)) {
    const found = key.isWellFormed() ? findInvalidText(each, [...path, key]) : [...path, key]
    if (found !== undefined) return found
  }
  return undefined
}

/** Key paths at which something stands that the validation library takes for a table, because it is an object. */
function findFalseTables(schema: unknown, value: unknown, path: readonly string[]): (readonly string[])[] {
  const entries = Object.entries(entriesOf(schema))
  if (entries.length === 0 || typeof value !== 'object' || value === null) return []
  if (!isTable(value)) return [path]
  return entries.flatMap(([key, entry]) => findFalseTables(entry, value[key], [...path, key]))
}

function explain(
  issue: v.BaseIssue<unknown>,
  root: readonly string[],
  schema: unknown,
  where: Where,
): SpmiError {
  const keys = (issue.path ?? []).map(item => item.key as PropertyKey)
  const path = [...root, ...keys]
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = listKeys(schema, keys.slice(0, -1))
    const keysHere = known.length === 0 ? 'there are no keys here' : `the keys here are ${known.join(', ')}`
    return problem(where, path, 'unknown key', suggest(String(keys.at(-1)), known) ?? keysHere)
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined')
    return problem(where, path, 'this key is missing')
  const isTypeIssue = issue.kind === 'schema' && issue.message.startsWith('Invalid ')
  return problem(
    where,
    path,
    isTypeIssue ? `must be ${expected(issue)}, not ${issue.received}` : issue.message,
  )
}

function expected(issue: v.BaseIssue<unknown>): string {
  return (issue.expected ?? 'something else').replaceAll('Object', 'table').replaceAll('Array', 'list')
}

/** The keys that a schema knows at a key path. */
function listKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  let entries = entriesOf(schema)
  for (const key of path) entries = entriesOf(entries[String(key)])
  return Object.keys(entries)
}

interface SchemaShape {
  readonly entries?: Readonly<Record<string, unknown>>
  readonly wrapped?: unknown
  readonly pipe?: readonly unknown[]
}

function entriesOf(schema: unknown): Readonly<Record<string, unknown>> {
  const shape = schema as SchemaShape | undefined
  return shape?.entries ?? (shape?.wrapped === undefined ? {} : entriesOf(shape.wrapped))
}
