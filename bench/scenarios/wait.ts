/**
 * How long after the end of the last native task `spmi wait` has ended as well, beside a sh that waits for the same command; and
 * how much CPU it uses while nothing happens.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { SleepWatch } from '../marked-processes.ts'
import { type Findings, measureInTurn, time } from '../measure.ts'
import { makeIds, makeSleepTime, type Scratch } from '../scratch.ts'

/** How many tasks are waited for. */
const COUNT = 20

/** Milliseconds in which whatever waits has settled, and those in which its CPU is measured. */
const SETTLING = 1000
const IDLING = 10_000

/** Measures `spmi wait`. */
export async function measureWait(scratch: Scratch): Promise<Findings> {
  const seconds = makeSleepTime()
  const watch = new SleepWatch(seconds)
  const pool = scratch.makePool('wait')
  await pool.load(makeIds(COUNT), `sleep ${seconds}`)
  const idle: number[] = []

  /** Ends all sleeps but one and then that one. @returns milliseconds from its end to that of what waits for all */
  const measureEnd = async (waiter: Bun.Subprocess, count: number): Promise<number> => {
    await watch.awaitCount(count)
    const [last = 0, ...others] = watch.list()
    for (const pid of others) process.kill(pid, 'SIGTERM')
    await Bun.sleep(SETTLING)
    return time(async () => {
      process.kill(last, 'SIGTERM')
      await waiter.exited
    })
  }
  const { spmi, plain } = await measureInTurn(9, {
    spmi: async () => {
      watch.begin()
      await pool.spmi('start', '.*')
      const waiter = pool.spawn([scratch.spmi, 'wait', '.*'])
      if (idle.length < 3) idle.push(await measureIdle(waiter.pid))
      return measureEnd(waiter, COUNT)
    },
    plain: () => {
      watch.begin()
      return measureEnd(pool.spawn(['sh', '-c', `sleep ${seconds}; exit 0`]), 1)
    },
  })
  return {
    comparisons: [
      {
        scenario: 'wait (after the end)',
        unit: 'ms',
        subject: { label: `spmi wait, ${COUNT} tasks`, values: spmi },
        floor: { label: 'sh that waits', values: plain },
        limit: { of: 'difference', most: 50 },
      },
      {
        scenario: `wait (CPU in ${IDLING / 1000} s)`,
        unit: 'ms',
        subject: { label: `spmi wait, ${COUNT} tasks`, values: idle },
        floor: { label: 'none', values: idle.map(() => 0) },
        limit: { of: 'difference', most: 100 },
      },
    ],
    remarks: [],
  }
}

async function measureIdle(pid: number): Promise<number> {
  await Bun.sleep(SETTLING)
  const before = readCpuTime(pid)
  await Bun.sleep(IDLING)
  return readCpuTime(pid) - before
}

/** Milliseconds of CPU that all threads of a process have used. Source: the kernel's sched-stats.rst (in nanoseconds). */
function readCpuTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const texts = threads.map(thread => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
  return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e6, 0)
}
