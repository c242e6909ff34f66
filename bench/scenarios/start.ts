/**
 * How long one `spmi start` and one `spmi stop` of 100 native tasks take, beside a plain loop in sh and a plain kill. A
 * start is over when the program has ended and all sleeps run, a stop when the program has ended and none does.
 */
import { readGroup, SleepWatch } from '../marked-processes.ts'
import { type Findings, measureInTurn, time } from '../measure.ts'
import { makeIds, makeSleepTime, PLAIN_LOOP, type Scratch } from '../scratch.ts'

const COUNT = 100

/** Measures start and stop of 100 native tasks. */
export async function measureStart(scratch: Scratch): Promise<Findings> {
  const seconds = makeSleepTime()
  const watch = new SleepWatch(seconds)
  const pool = scratch.makePool('start')
  await pool.load(makeIds(COUNT), `sleep ${seconds}`)

  const stops = { spmi: [] as number[], plain: [] as number[] }
  const measureRound = async (
    start: () => Promise<unknown>,
    stop: (pids: readonly number[]) => Promise<unknown>,
    stopTimes: number[],
  ): Promise<number> => {
    watch.begin()
    const spent = await time(async () => {
      await start()
      await watch.awaitCount(COUNT)
    })
    const pids = watch.list()
    stopTimes.push(
      await time(async () => {
        await stop(pids)
        await watch.awaitEnd(pids)
      }),
    )
    return spent
  }
  const starts = await measureInTurn(9, {
    spmi: () =>
      measureRound(
        () => pool.spmi('start', '.*'),
        () => pool.spmi('stop', '.*'),
        stops.spmi,
      ),
    plain: () =>
      measureRound(
        () => scratch.sh(PLAIN_LOOP, [`sleep ${seconds}`, String(COUNT)]),
        pids =>
          scratch.sh(
            'kill -s TERM -- "$@"',
            pids.map(pid => `-${readGroup(pid)}`),
          ),
        stops.plain,
      ),
  })
  return {
    comparisons: [
      {
        scenario: `start-${COUNT}`,
        unit: 'ms',
        subject: { label: 'spmi start (native)', values: starts.spmi },
        floor: { label: 'sh loop of setsid', values: starts.plain },
        limit: { of: 'ratio', most: 3 },
      },
      {
        scenario: `stop-${COUNT}`,
        unit: 'ms',
        subject: { label: 'spmi stop (native)', values: stops.spmi.slice(1) }, // without the warm-up
        floor: { label: 'kill of the groups', values: stops.plain.slice(1) },
        limit: { of: 'difference', most: 250 },
      },
    ],
    remarks: [],
  }
}
