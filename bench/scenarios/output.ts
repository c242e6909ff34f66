/** What a task that writes 200 MB of lines costs beside the same command with a plain redirect. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Findings, measureInTurn, until } from '../measure.ts'
import type { Scratch } from '../scratch.ts'

const COMMAND = "yes 'A line of output, of a length that is not unusual for a log' | head -c 200000000"

/** Measures a task that writes 200 MB. */
export async function measureOutput(scratch: Scratch): Promise<Findings> {
  const pool = scratch.makePool('output')
  await pool.load(['t1'], COMMAND)
  const file = join(scratch.folder, 'redirected')
  const whole: number[] = []
  let run = 0
  const { spmi, plain } = await measureInTurn(9, {
    spmi: async () => {
      run++
      const begin = performance.now()
      await pool.spmi('start', 't1')
      await until(() => /^exited /m.test(pool.readJournal('t1', run)), 'the end of the task')
      whole.push(performance.now() - begin)
      rmSync(join(pool.runFolder('t1', run), 'stdout'))
      return readDuration(pool.readJournal('t1', run))
    },
    plain: async () => {
      const spent = await scratch.sh('exec sh -c "$1" >"$2"', [COMMAND, file])
      rmSync(file)
      return spent
    },
  })
  const floor = { label: 'plain redirect', values: plain }
  return {
    comparisons: [
      {
        scenario: 'output-200MB',
        unit: 'ms',
        subject: { label: 'the task, as recorded', values: spmi },
        floor,
        limit: { of: 'ratio', most: 1.1 },
      },
      {
        scenario: 'output-200MB',
        unit: 'ms',
        subject: { label: 'with spmi start', values: whole.slice(1) }, // without the warm-up
        floor,
      },
    ],
    remarks: [],
  }
}

/** Milliseconds from the start of the command to its end, as the wrapper has recorded them: in steps of 10. */
function readDuration(journal: string): number {
  const [spawned, exited] = ['spawned', 'exited'].map(verb =>
    Number(new RegExp(`^${verb} at=(\\d+)`, 'm').exec(journal)?.[1]),
  )
  return (exited ?? Number.NaN) - (spawned ?? Number.NaN)
}
