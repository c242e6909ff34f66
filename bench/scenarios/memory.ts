/** What a running native task costs beyond its command, and that nothing of SPMI in JavaScript stays. */
import { findMarked, isJavaScript, readPss, SleepWatch } from '../marked-processes.ts'
import { type Findings, measureInTurn } from '../measure.ts'
import { makeIds, makeSleepTime, PLAIN_LOOP, type Scratch } from '../scratch.ts'

const COUNT = 50

/** Measures the resident memory of running tasks. */
export async function measureMemory(scratch: Scratch): Promise<Findings> {
  const seconds = makeSleepTime()
  const watch = new SleepWatch(seconds)
  const pool = scratch.makePool('memory')
  await pool.load(makeIds(COUNT), `sleep ${seconds}`)
  const others = new Set(findMarked(scratch.mark)) // daemons of an earlier scenario
  const runtimes: number[] = []

  /** Starts, weighs all that was started, and ends it. @returns MB for each command */
  const weigh = async (start: () => Promise<unknown>): Promise<number> => {
    watch.begin()
    await start()
    await watch.awaitCount(COUNT)
    const pids = findMarked(scratch.mark).filter(pid => !others.has(pid))
    const spent = pids.reduce((sum, pid) => sum + readPss(pid), 0)
    runtimes.push(pids.filter(isJavaScript).length)
    const sleeps = watch.list()
    for (const pid of sleeps) process.kill(pid, 'SIGTERM')
    await watch.awaitEnd(sleeps)
    while (pids.some(isMarkedStill)) await Bun.sleep(5)
    return spent / COUNT
  }
  const isMarkedStill = (pid: number): boolean => findMarked(scratch.mark).includes(pid)
  const { spmi, plain } = await measureInTurn(3, {
    spmi: () => weigh(() => pool.spmi('start', '.*')),
    plain: () => weigh(() => scratch.sh(PLAIN_LOOP, [`sleep ${seconds}`, String(COUNT)])),
  })
  return {
    comparisons: [
      {
        scenario: 'memory (PSS of a task)',
        unit: 'MB',
        subject: { label: 'native task', values: spmi },
        floor: { label: "sh -c 'sleep'", values: plain },
        limit: { of: 'difference', most: 0.5 },
      },
      {
        scenario: 'memory (JavaScript)',
        unit: 'processes',
        subject: { label: `${COUNT} native tasks`, values: runtimes },
        floor: { label: 'none', values: runtimes.map(() => 0) },
        limit: { of: 'difference', most: 0 },
      },
    ],
    remarks: [],
  }
}
