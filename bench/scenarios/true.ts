/** How long 500 short commands take until the exit codes of all are recorded, beside a plain loop in sh. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Findings, measureInTurn, time, until } from '../measure.ts'
import { type BenchPool, makeIds, type Scratch } from '../scratch.ts'

const COUNT = 500

/** All at once in the background, as SPMI does it. $1 a folder, $2 how many. */
const PLAIN_LOOP = `cd "$1"
i=0; while [ $i -lt "$2" ]; do { setsid sh -c true; echo $? >"code.$i"; } & i=$((i+1)); done; wait`

/** Measures 500 runs of true. */
export async function measureTrue(scratch: Scratch): Promise<Findings> {
  const pool = scratch.makePool('true')
  const ids = makeIds(COUNT)
  await pool.load(ids, 'true')
  let run = 0
  const { spmi, plain } = await measureInTurn(5, {
    spmi: () => {
      run++
      return time(() => startAndFinish(pool, ids, '.*', run))
    },
    plain: async () => {
      const folder = scratch.makeFolder(`codes-${run}`)
      const spent = await scratch.sh(PLAIN_LOOP, [folder, String(COUNT)])
      if (readdirSync(folder).length !== COUNT) throw new Error('the plain loop has lost exit codes')
      return spent
    },
  })
  return {
    comparisons: [
      {
        scenario: `true-${COUNT}`,
        unit: 'ms',
        subject: { label: 'spmi start (native)', values: spmi },
        floor: { label: 'sh loop of setsid', values: plain },
        limit: { of: 'ratio', most: 3 },
      },
    ],
    remarks: [],
  }
}

/** Starts tasks that end on their own, and waits until the ends of all are recorded. */
export async function startAndFinish(
  pool: BenchPool,
  ids: readonly string[],
  pattern: string,
  run: number,
): Promise<void> {
  await pool.spmi('start', pattern)
  let left = ids
  await until(
    () => {
      left = left.filter(id => !/^exited at=\d+ code=0/m.test(pool.readJournal(id, run)))
      return left.length === 0
    },
    `the recorded ends of ${ids.length} runs in ${join(pool.path)}`,
  )
}
