/**
 * The program is killed at its system calls, one after the other: at each that changes something, and at some of the others, which
 * leave the same on the disk but find what was launched at another moment. Then all goes on.
 */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { needs } from '../unit/needs.ts'
import { Cell } from './support/cell.ts'
import { extent } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { type Call, callsOn, changes, hasStrace, isHit, trace } from './support/injection.ts'
import { Random, seed } from './support/random.ts'
import { Findings, furnish, SCENARIOS, type Scenario, Violation } from './support/scenarios.ts'

const refusal = Cell.refuse()
const withStrace = needs(
  refusal ?? 'strace',
  hasStrace && refusal === undefined,
  refusal ? 'privilege' : 'tool',
)

describe('a command that is killed at any of its system calls', () => {
  const cells: Cell[] = []
  beforeAll(async () => {
    if (refusal !== undefined) return
    for (let count = 0; count < 2; count++) cells.push(await Cell.open())
    await Promise.all(cells.map(furnish))
  }, 60_000)
  afterAll(() => {
    for (const cell of cells) cell.dispose()
  })

  for (const [index, scenario] of SCENARIOS.entries())
    withStrace(
      `leaves the old or the new state, and all goes on: ${scenario.name}`,
      async () => {
        const found = await killEverywhere(cells, scenario, new Random(index))
        expectNone('torn states', found.torn)
        expectNone('lies', found.lies)
        expectNone('survivors', found.survivors)
      },
      600_000,
    )
})

/** Runs the scenario to its end once, and then kills the command at its calls, in all cells at once. */
async function killEverywhere(cells: readonly Cell[], scenario: Scenario, random: Random): Promise<Findings> {
  const [first] = cells as [Cell]
  const findings = new Findings()
  await scenario.prepare(first)
  const { status, stderr, calls } = await trace(first, scenario.argv(first), scenario)
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('ERROR')])
  await judge(first, scenario, findings, 'not killed')
  const waiting = choose(callsOn(first.pool.path, calls), random)
  await Promise.all(
    cells.map(async cell => {
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
        await scenario.prepare(cell)
        const traced = await trace(cell, scenario.argv(cell), { ...scenario, at, fault: 'signal=KILL' })
        if (isHit(traced, at)) count('injections')
        await judge(cell, scenario, findings, `killed at ${at.name} ${at.nth}: ${at.text} (seed ${seed})`)
      }
    }),
  )
  return findings
}

/** In full each call that changes something, and each second of the others; in short some of them. */
function choose(calls: readonly Call[], random: Random): Call[] {
  const changing = calls.filter(changes)
  const others = calls.filter(call => !changes(call))
  return [
    ...random.sample(changing, extent(6, changing.length)),
    ...random.sample(others, extent(2, others.length / 2)),
  ]
}

async function judge(cell: Cell, scenario: Scenario, findings: Findings, what: string): Promise<void> {
  try {
    await scenario.examine(cell)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    findings[error.kind].push(`${scenario.name}, ${what}: ${error.message}`)
    await cell.spmi('kill', '.*')
  }
}
