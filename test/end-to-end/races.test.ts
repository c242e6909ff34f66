/** Many commands at once: exactly one wins, and nothing is half done. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, TestPool } from '../support/spmi.ts'

const RACERS = 50
const ROUNDS = 20

describe(`${RACERS} commands at once, ${ROUNDS} times`, () => {
  const pool = new TestPool()
  beforeAll(async () => {
    pool.write('task.json', JSON.stringify({ task: { id: 'task', wrapper: { command: 'exec sleep 300' } } }))
  })
  afterAll(() => pool.dispose())

  const race = (command: string, argument: string): Promise<Outcome[]> =>
    Promise.all(Array.from({ length: RACERS }, () => pool.spmi(command, argument)))
  const countWinners = (outcomes: readonly Outcome[]) => outcomes.filter(({ status }) => status === 0).length

  test('of parallel loads of one id exactly one succeeds, and the others say why', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = await race('load', 'task.json')
      expect(countWinners(outcomes)).toBe(1)
      for (const { status, stderr } of outcomes)
        if (status !== 0)
          expect([status, stderr]).toEqual([
            1,
            expect.stringContaining('manageable "task" is already loaded'),
          ])
      expect(readdirSync(pool.path).sort()).toEqual(['.spmi', 'task'])
      expect(await pool.spmi('clean', 'task')).toMatchObject({ status: 0 })
    }
  }, 120_000)

  test('of parallel starts of one task exactly one succeeds, and there is one run', async () => {
    expect(await pool.spmi('load', 'task.json')).toMatchObject({ status: 0 })
    for (let round = 1; round <= ROUNDS; round++) {
      const outcomes = await race('start', 'task')
      expect(countWinners(outcomes)).toBe(1)
      for (const { status, stderr } of outcomes)
        if (status !== 0)
          expect([status, stderr]).toEqual([1, expect.stringContaining('cannot start manageable "task": ')])
      expect(readdirSync(join(pool.path, 'task/runs')).sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: round }, (_, index) => String(index + 1)),
      )
      expect(await pool.spmi('kill', 'task')).toMatchObject({ status: 0 })
    }
  }, 120_000)

  test('of parallel cleans of one task exactly one succeeds', async () => {
    for (let round = 1; round <= 5; round++) {
      if (round > 1) expect(await pool.spmi('load', 'task.json')).toMatchObject({ status: 0 })
      const outcomes = await race('clean', 'task')
      expect(countWinners(outcomes)).toBe(1)
      expect(readdirSync(pool.path)).toEqual(['.spmi'])
    }
  }, 120_000)
})
