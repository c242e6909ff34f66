/** Faults at one call of a command after the other: each time the command begins anew, and all goes on after it. */
import { afterAll, beforeAll, expect } from 'bun:test'
import { needs } from '../../unit/needs.ts'
import { Cell } from './cell.ts'
import { count, expectNone } from './figures.ts'
import { type Call, callsOn, hasStrace, isHit, type Traced, trace } from './injection.ts'
import { seed } from './random.ts'
import { Findings, furnish, judge, type Scenario } from './scenarios.ts'

/** A fault at a call, in the words of strace. */
export interface Injection {
  readonly at: Call
  readonly fault: string
}

const refusal = Cell.refuse()

/** `test` where programs can be traced in cells; how many of these there are is how many commands run at once. */
export const withCells = needs(
  refusal ?? 'strace',
  hasStrace && refusal === undefined,
  refusal ? 'privilege' : 'tool',
)

/** The cells of a test file, in which every scenario can be prepared. */
export function useCells(): readonly Cell[] {
  const cells: Cell[] = []
  beforeAll(async () => {
    if (refusal !== undefined || !hasStrace) return
    for (let count = 0; count < 2; count++) cells.push(await Cell.open())
    await Promise.all(cells.map(furnish))
  }, 60_000)
  afterAll(() => {
    for (const cell of cells) cell.dispose()
  })
  return cells
}

/**
 * Lets the command of a scenario come to its end once, and then meets it with faults.
 * @param choose the faults, by the calls that it makes from the first one on that touches the pool
 * @param examine what is wrong with what it said and left, before the scenario looks at it
 */
export async function injectEverywhere(
  cells: readonly Cell[],
  scenario: Scenario,
  choose: (calls: readonly Call[]) => readonly Injection[],
  examine: (cell: Cell, traced: Traced, injection: Injection) => string | undefined = () => undefined,
): Promise<Findings> {
  const [first] = cells as [Cell]
  const findings = new Findings()
  await scenario.prepare(first)
  const { status, stderr, calls } = await trace(first, scenario.argv(first), scenario)
  expect([status, stderr]).toEqual([scenario.status ?? 0, expect.not.stringContaining('ERROR')])
  await judge(first, scenario, findings, 'without a fault')
  const waiting = [...choose(callsOn(first.pool.path, calls))]
  await Promise.all(
    cells.map(async cell => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await scenario.prepare(cell)
        const traced = await trace(cell, scenario.argv(cell), { ...scenario, ...next })
        const { at, fault } = next
        const what = `${fault} at ${at.name} ${at.nth}: ${at.text} (seed ${seed})`
        if (isHit(traced, at)) count('injections')
        const wrong = examine(cell, traced, next)
        if (wrong !== undefined) findings.lies.push(`${scenario.name}, ${what}: ${wrong}`)
        await judge(cell, scenario, findings, what)
      }
    }),
  )
  return findings
}

/** Fails unless nothing was found. */
export function expectNothing({ torn, lies, survivors }: Findings): void {
  expectNone('torn states', torn)
  expectNone('lies', lies)
  expectNone('survivors', survivors)
}
