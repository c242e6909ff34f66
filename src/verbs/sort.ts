/** The orders of a long list. */
import type { Inspected } from './inspect.ts'

/** By what a long list can be sorted. */
export type SortKey = 'id' | 'state' | 'since' | 'duration' | 'exit' | 'backend' | 'pid' | 'cpu' | 'memory'

/** What is compared, and whether the greatest comes first: what is new, long or hungry is what people look for. */
const ORDERS: Readonly<
  Record<
    Exclude<SortKey, 'id'>,
    { readonly isDescending?: boolean; readonly of: (one: Inspected) => number | string | undefined }
  >
> = {
  state: { of: ({ status }) => status.state },
  since: { of: ({ status }) => status.since?.getTime(), isDescending: true },
  duration: { of: ({ duration }) => duration, isDescending: true },
  exit: { of: ({ facts }) => facts.exitCode, isDescending: true },
  backend: { of: ({ facts }) => facts.backendType },
  pid: { of: ({ facts }) => facts.pid },
  cpu: { of: loadOf, isDescending: true },
  memory: { of: ({ usage }) => usage?.memory, isDescending: true },
}

/** How many processors it has kept busy since its start, on the average; undefined where that is unknown. */
export function loadOf({ usage, duration }: Inspected): number | undefined {
  return usage === undefined || !duration ? undefined : usage.cpuTime / duration
}

/** Sorts what is in natural order of ids. What has nothing to compare comes last, also in reverse. */
export function sortInspected(
  inspected: readonly Inspected[],
  key: SortKey,
  isReversed = false,
): readonly Inspected[] {
  if (key === 'id') return isReversed ? inspected.toReversed() : inspected
  const { of, isDescending = false } = ORDERS[key]
  const sign = isDescending === isReversed ? 1 : -1
  const keyed = inspected.map(one => ({ one, value: of(one) }))
  keyed.sort((a, b) => {
    if (a.value === undefined || b.value === undefined)
      return Number(a.value === undefined) - Number(b.value === undefined)
    return a.value === b.value ? 0 : a.value < b.value ? -sign : sign
  })
  return keyed.map(({ one }) => one)
}
