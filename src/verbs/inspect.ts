/** The long list: all that is known of the selected manageables, those left out that a filter does not let pass. */
import type { Catalog } from '../core/catalog.ts'
import { durationOf, type Facts } from '../core/facts.ts'
import type { SpmiError } from '../errors.ts'
import { refuseUnknownBackend } from '../manageables/index.ts'
import { ProcessTable } from '../system/run-processes.ts'
import { measure, type Usage } from '../system/usage.ts'
import { type Selection, select } from './select.ts'
import { readTail, type Shown, showAll } from './show.ts'

/** How many of the last lines of an output are looked at for one that is not blank. */
const LAST_LINES = 5

/** A manageable, and all that is known of it. */
export interface Inspected extends Shown {
  readonly facts: Facts
  /** How long its last run has taken until now or until its end, in seconds. */
  readonly duration: number | undefined
  /** What its processes use now; undefined when it has none, when they are on another host, or when nobody asked. */
  readonly usage: Usage | undefined
}

/** The states by which manageables are selected. An inactive one may be failed or lost as well, by its last run. */
export type FilterState = 'active' | 'inactive' | 'failed' | 'lost'

/** What is wanted. */
export interface Inspection {
  /** In one of these states; all when it is empty. */
  readonly states?: readonly FilterState[]
  /** Of one of these backends; all when it is empty. */
  readonly backends?: readonly string[]
  /** Whether the use of processor and memory is measured. */
  readonly isMeasured?: boolean
  /** Until when active runs have taken. Default: now. */
  readonly now?: Date
}

/** What was found. */
export interface Inspections extends Selection {
  /** Those that passed the filters, in natural order of ids. */
  readonly inspected: readonly Inspected[]
  /** Names in the pool that are not manageables of this program; empty when patterns were given. */
  readonly foreign: readonly string[]
}

/**
 * Inspects the manageables that match; without patterns all.
 * @throws SpmiError `usage` for an invalid pattern or a backend that does not exist
 */
export async function inspect(
  catalog: Catalog,
  patterns: readonly string[],
  { states = [], backends = [], isMeasured = false, now = new Date() }: Inspection = {},
): Promise<Inspections> {
  for (const type of backends) refuseUnknownBackend(type, catalog.context.store)
  const selection =
    patterns.length > 0
      ? { ...(await select(catalog, patterns)), foreign: [] }
      : { ...(await catalog.list()), unmatched: [] }
  const wanted = (await showAll(selection.manageables))
    .map(shown => ({ ...shown, facts: shown.manageable.facts(shown.status) }))
    .filter(({ status, facts }) => isOneOf(states, [status.state, facts.outcome]))
    .filter(({ facts }) => isOneOf(backends, [facts.backendType]))
  const measureOne = isMeasured ? measurer() : () => undefined
  const inspected = wanted.map(one => {
    const { status, facts } = one
    return { ...one, duration: durationOf(facts, status.state, now), usage: measureOne(one) }
  })
  return { ...selection, inspected }
}

/** The last line of its output that is not blank, among the last few. @param failed as `readTail` has it */
export function lastLineOf(shown: Shown, failed: SpmiError[]): string | undefined {
  return readTail(shown, LAST_LINES, failed).findLast(line => line.trim() !== '')
}

function isOneOf(wanted: readonly string[], values: readonly (string | undefined)[]): boolean {
  return wanted.length === 0 || values.some(value => value !== undefined && wanted.includes(value))
}

/** Measures what is active. /proc is read once, when the first one is asked for. */
function measurer(): (one: Shown & { readonly facts: Facts }) => Usage | undefined {
  let table: ProcessTable | undefined
  return ({ status, facts }) => {
    if (status.state !== 'active' || facts.processes === undefined) return undefined
    table ??= ProcessTable.read()
    return measure(facts.processes, table)
  }
}
