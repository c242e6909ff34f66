/** Patterns → manageables, and one loop that serves every verb on many of them. */
import type { Catalog } from '../core/catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { Manageable, ManageableClass } from '../core/manageable.ts'
import { PatternMatcher } from '../core/pattern.ts'
import { suggest } from '../core/suggest.ts'
import { SpmiError } from '../errors.ts'
import { byKind } from './show.ts'

/** A pattern that matches no id, and the id that may have been meant. */
export interface Unmatched {
  readonly pattern: string
  readonly suggestion: string | undefined
}

/** What patterns select. */
export interface Selection {
  /** In natural order of ids, each once. */
  readonly manageables: readonly Manageable[]
  /** One error for each selected manageable whose files are damaged. */
  readonly damaged: readonly SpmiError[]
  readonly unmatched: readonly Unmatched[]
}

/** How a verb fared. */
export interface Report extends Selection {
  /** Those for which it was done. */
  readonly done: readonly Manageable[]
  /** Those for which it was not, and why. */
  readonly failed: readonly { readonly manageable: Manageable; readonly error: SpmiError }[]
}

/** What a verb tells while it is at work. */
export interface Progress {
  /** Called for each selected manageable before anything is done. */
  readonly onBegin?: ((manageable: Manageable) => void) | undefined
}

/**
 * Selects the manageables whose whole ids match one of the patterns.
 * @throws SpmiError `usage` for an invalid pattern, `pool`
 */
export async function select(catalog: Catalog, patterns: readonly string[]): Promise<Selection> {
  const matcher = new PatternMatcher(patterns)
  const matched = new Set<number>()
  const others: string[] = []
  const listing = await catalog.list(id => {
    const matches = matcher.match(id)
    for (const index of matches) matched.add(index)
    if (matches.length === 0) others.push(id)
    return matches.length > 0
  })
  const unmatched = patterns
    .filter((_, index) => !matched.has(index))
    .map(pattern => ({ pattern, suggestion: suggest(pattern, others) }))
  return { manageables: listing.manageables, damaged: listing.damaged, unmatched }
}

/**
 * The one manageable with an id.
 * @throws SpmiError `missing`, or what is wrong with its files
 */
export async function findOne(catalog: Catalog, id: string): Promise<Manageable> {
  const listing = await catalog.list(candidate => candidate === id)
  const [damaged] = listing.damaged
  if (damaged) throw damaged
  const [manageable] = listing.manageables
  if (manageable === undefined) throw notLoaded(catalog, id)
  return manageable
}

/** The refusal of an id that nothing bears. */
export function notLoaded(catalog: Catalog, id: string): SpmiError {
  const hint = suggest(id, catalog.context.store.listIds())
  return new SpmiError('missing', `manageable "${id}" is not loaded`, { hint, id })
}

type Act = (kind: ManageableClass, items: readonly Manageable[]) => Promise<readonly Failure[]>

/** Does one thing to all manageables that match at once, kind by kind, and tells how each one fared. */
export async function each(
  catalog: Catalog,
  patterns: readonly string[],
  act: Act,
  progress?: Progress,
): Promise<Report> {
  return actOn(await select(catalog, patterns), act, progress)
}

/** Does one thing to all selected manageables at once, kind by kind, and tells how each one fared. */
export async function actOn(selection: Selection, act: Act, { onBegin }: Progress = {}): Promise<Report> {
  const { manageables } = selection
  for (const manageable of manageables) onBegin?.(manageable)
  const failures = await byKind(manageables, act)
  return {
    ...selection,
    done: manageables.filter((_, index) => failures[index] === undefined),
    failed: manageables.flatMap((manageable, index) => {
      const error = failures[index]
      return error ? [{ manageable, error }] : []
    }),
  }
}
