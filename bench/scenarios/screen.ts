/** How long one `spmi start` of 100 tasks in GNU Screen takes, beside a plain loop of `screen -dmS`. */
import { SleepWatch } from '../marked-processes.ts'
import { type Findings, measureInTurn, time } from '../measure.ts'
import { makeIds, makeSleepTime, type Scratch } from '../scratch.ts'

const COUNT = 100

// The user's screenrc is read by neither: HOME is not the user's.
const SCREEN_LOOP = 'i=0; while [ $i -lt "$2" ]; do screen -dmS "b$i" sh -c "$1"; i=$((i+1)); done'
const QUIT_LOOP = 'i=0; while [ $i -lt "$1" ]; do screen -S "b$i" -X quit; i=$((i+1)); done'

/** Measures the start of 100 tasks in GNU Screen. */
export async function measureScreen(scratch: Scratch): Promise<Findings> {
  if (Bun.which('screen') === null)
    return { comparisons: [], remarks: ['screen: skipped, because GNU Screen is not installed'] }
  const seconds = makeSleepTime()
  const watch = new SleepWatch(seconds)
  const pool = scratch.makePool('screen')
  await pool.load(makeIds(COUNT), `sleep ${seconds}`, 'screen')

  const measureRound = async (
    start: () => Promise<unknown>,
    end: () => Promise<unknown>,
  ): Promise<number> => {
    watch.begin()
    const spent = await time(async () => {
      await start()
      await watch.awaitCount(COUNT)
    })
    const pids = watch.list()
    await end()
    await watch.awaitEnd(pids)
    return spent
  }
  const starts = await measureInTurn(9, {
    spmi: () =>
      measureRound(
        () => pool.spmi('start', '.*'),
        () => pool.spmi('kill', '.*'),
      ),
    plain: () =>
      measureRound(
        () => scratch.sh(SCREEN_LOOP, [`sleep ${seconds}`, String(COUNT)]),
        () => scratch.sh(QUIT_LOOP, [String(COUNT)]),
      ),
  })
  return {
    comparisons: [
      {
        scenario: `start-${COUNT}-screen`,
        unit: 'ms',
        subject: { label: 'spmi start (screen)', values: starts.spmi },
        floor: { label: 'sh loop of screen', values: starts.plain },
        limit: { of: 'ratio', most: 1.5 },
      },
    ],
    remarks: [],
  }
}
