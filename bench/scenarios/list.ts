/** How long `spmi list` takes with few and with many tasks, counted in empty scripts of Bun and of Node. */
import { type Comparison, type Findings, measureInTurn } from '../measure.ts'
import { BUN, makeIds, type Scratch } from '../scratch.ts'
import { startAndFinish } from './true.ts'

/** How many of the many tasks have been run once. */
const RUN_ONCE = 100

/** Measures `spmi list` with 1, 1,000 and 10,000 tasks. */
export async function measureList(scratch: Scratch): Promise<Findings> {
  const pool = scratch.makePool('list')
  const empty = scratch.write('empty.ts', '')
  const emptyModule = scratch.write('empty.mjs', '')
  const runBun = () => scratch.run([BUN, empty])
  const runSpmi = () => pool.spmi('list')

  await pool.load(makeIds(1), 'true')
  const one = await measureInTurn(41, {
    spmi: runSpmi,
    bun: runBun,
    node: () => scratch.run(['node', emptyModule]),
    cli: () => pool.run(['node', scratch.cli, 'list']),
  })
  const bun = { label: 'empty Bun script', values: one.bun }
  const node = { label: 'empty Node script', values: one.node }
  const spmi = { label: 'spmi list', values: one.spmi }
  const cli = { label: 'node cli.js list', values: one.cli }

  let spent = await pool.load(makeIds(999, 2), 'true')
  await startAndFinish(pool, makeIds(RUN_ONCE), `t([1-9][0-9]?|${RUN_ONCE})`, 1)
  const thousand = await measureInTurn(31, { spmi: runSpmi, bun: runBun })

  console.error('   loading 10,000 tasks')
  spent += await pool.load(makeIds(9000, 1001), 'true')
  const many = await measureInTurn(15, { spmi: runSpmi, bun: runBun })

  const compareWithBun = (scenario: string, series: typeof thousand, most: number): Comparison => ({
    scenario,
    unit: 'ms',
    subject: { label: 'spmi list', values: series.spmi },
    floor: { label: 'empty Bun script', values: series.bun },
    limit: { of: 'ratio', most },
  })
  return {
    comparisons: [
      compareWithBun('list-1', one, 2.5),
      { scenario: 'list-1', unit: 'ms', subject: spmi, floor: node, limit: { of: 'ratio', most: 1 } },
      { scenario: 'list-1', unit: 'ms', subject: cli, floor: node },
      { scenario: 'list-1', unit: 'ms', subject: cli, floor: bun },
      compareWithBun('list-1000', thousand, 7.5),
      compareWithBun('list-10000', many, 30),
    ],
    remarks: [
      `list: loading 10,000 tasks took ${(spent / 1000).toFixed(1)} s, ${RUN_ONCE} of them were run once`,
    ],
  }
}
