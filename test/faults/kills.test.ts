/**
 * The program is killed at its system calls, one after the other: at each that changes something, and at others, which leave the same
 * on the disk but find what was launched at another moment. Then all goes on.
 */
import { describe, expect } from 'bun:test'
import { expectNothing, type Injection, injectEverywhere, useCells, withCells } from './support/everywhere.ts'
import { extent } from './support/extent.ts'
import { type Call, changes } from './support/injection.ts'
import { Random } from './support/random.ts'
import { furnishWrapper, NAIVE_RELOAD, SCENARIOS, WRAPPER } from './support/scenarios.ts'

const KILL = 'signal=KILL'

describe('a command that is killed at any of its system calls', () => {
  const cells = useCells()

  for (const [index, scenario] of SCENARIOS.entries())
    withCells(
      `leaves the old or the new state, and all goes on: ${scenario.name}`,
      async () => {
        const random = new Random(index)
        expectNothing(await injectEverywhere(cells, scenario, calls => choose(calls, random)))
      },
      600_000,
    )

  withCells(
    'is followed by a true word on how the command ended, or none: the wrapper',
    async () => {
      await Promise.all(cells.map(furnishWrapper))
      const random = new Random(50)
      expectNothing(await injectEverywhere(cells, WRAPPER, calls => choose(calls, random)))
    },
    600_000,
  )

  withCells(
    'a program that writes in place is found to leave torn states: the control',
    async () => {
      const { torn } = await injectEverywhere(cells, NAIVE_RELOAD, calls =>
        calls.filter(changes).map(at => ({ at, fault: KILL })),
      )
      expect(torn).toContainEqual(expect.stringContaining('["record","old"],["descriptor","new"]'))
      expect(torn.join()).toContain('ERROR')
    },
    60_000,
  )
})

/** In full each call that changes something, and half of the others; in short some of them. */
function choose(calls: readonly Call[], random: Random): Injection[] {
  const changing = calls.filter(changes)
  const others = calls.filter(call => !changes(call))
  const chosen = [
    ...random.sample(changing, extent(5, changing.length)),
    ...random.sample(others, extent(1, others.length / 2)),
  ]
  return chosen.map(at => ({ at, fault: KILL }))
}
