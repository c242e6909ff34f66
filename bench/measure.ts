/**
 * How the benchmarks measure: in paired rounds A B A B, because on a machine that does other work too absolute times
 * drift, while the ratio of two neighbours holds. What is told is the median of the ratios of the pairs.
 */

/** The measurements of one thing, one for each round. */
export interface Series {
  readonly label: string
  readonly values: readonly number[]
}

/** Two things that were measured in the same rounds, and how the first may compare with the second. */
export interface Comparison {
  readonly scenario: string
  readonly unit: 'ms' | 'MB' | 'processes'
  readonly subject: Series
  readonly floor: Series
  /** Without it the comparison is for information. */
  readonly limit?: Limit
}

/** The most that the subject may be of the floor, or more than it in the unit of the comparison. */
export interface Limit {
  readonly of: 'ratio' | 'difference'
  readonly most: number
}

/** What a scenario found. */
export interface Findings {
  readonly comparisons: readonly Comparison[]
  /** Sentences that the table has no room for: what was skipped and why, what was counted besides. */
  readonly remarks: readonly string[]
}

/** Does something once and says what it measured. */
export type Measurement = () => Promise<number>

/**
 * Measures some things in turn, round after round.
 * @param warmups rounds before the first one that counts, for the caches
 * @returns the values of each thing, one for each round
 */
export async function measureInTurn<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, Measurement>>,
  warmups = 1,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(things) as Name[]
  const values = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -warmups; round < rounds; round++)
    for (const name of names) {
      const value = await things[name]()
      if (round >= 0) values[name].push(value)
    }
  return values
}

/** Milliseconds that something takes. */
export async function time(act: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await act()
  return performance.now() - begin
}

/** The median, or NaN of nothing. */
export function findMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** What a comparison comes to: the ratio or the difference of each pair. */
export function comparePairs({ subject, floor, limit }: Comparison): number[] {
  return subject.values.map((value, round) => {
    const other = floor.values[round] ?? Number.NaN
    return limit?.of === 'difference' ? value - other : value / other
  })
}

/** Whether a comparison is over its limit. */
export function isOver(comparison: Comparison): boolean {
  const { limit } = comparison
  return limit !== undefined && !(findMedian(comparePairs(comparison)) <= limit.most)
}

/** Polls until something holds. @throws when it does not within the deadline (milliseconds) */
export async function until(holds: () => boolean, what: string, deadline = 60_000): Promise<void> {
  const end = performance.now() + deadline
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${what}`)
    await Bun.sleep(1)
  }
}
