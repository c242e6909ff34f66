/**
 * Clocks: set back and forward while tasks run, zones that are odd, and files that are dated far off. The state is right, no duration is negative, and
 * how a command ended is known. libfaketime shows another time to the program and to what it starts; nobody else sees it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { TestPool, until } from '../support/spmi.ts'
import { isFull } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Witness } from './support/witness.ts'

const LIBRARY = readdirSync('/usr/lib')
  .map(name => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
  .find(path => existsSync(path))

/** What libfaketime has in shared memory: of a program that was killed it would stay there. */
function listShared(): string[] {
  const names = existsSync('/dev/shm') ? readdirSync('/dev/shm') : []
  return names.filter(name => /^(sem\.)?faketime_/.test(name)).map(name => join('/dev/shm', name))
}
const shared = new Set(listShared())
afterAll(() => {
  for (const path of listShared()) if (!shared.has(path)) rmSync(path, { force: true })
})

/** Another clock: `+3d`, `-10y`, or an instant to start from (`@1970-01-02 00:00:00`). */
const clockOf = (time: string) => ({ LD_PRELOAD: LIBRARY, FAKETIME: time, FAKETIME_DONT_FAKE_MONOTONIC: '1' })

const SHIFTS = ['-1d', '+1d', '-20y', '+70y', '@1970-01-02 00:00:00', '@2037-12-31 23:59:58']
const shifts = isFull ? SHIFTS : ['-1d', '+70y']

/** What is said that cannot be: a negative duration, or one that is not a number. */
function falseWords(text: string): string[] {
  return text.split('\n').filter(line => /(^|[ (])-\d+(:\d\d|\.\d| s\b)|NaN|Invalid/.test(line))
}

describe('a clock that was set', () => {
  test.skipIf(LIBRARY === undefined)('is seen by the program (a control)', async () => {
    const pool = new TestPool()
    const { stderr } = await pool.spmiWith({ environment: clockOf('@2001-02-03 04:05:06') }, 'list')
    await pool.dispose()
    expect(stderr).toContain('[2001-02-03 ')
  })

  test.skipIf(LIBRARY === undefined).each(shifts)(
    '%s, while a task runs: everything goes on, and its end is known',
    async shift => {
      const pool = new TestPool()
      const there = (...args: readonly string[]) => pool.spmiWith({ environment: clockOf(shift) }, ...args)
      const lies: string[] = []
      try {
        const witness = new Witness(pool.folder)
        await pool.load('here', { command: witness.command('sleep 1000') })
        await pool.load('ended', { command: 'exit 7' })
        await pool.load('there', {
          command: "trap 'exit 5' TERM; while :; do sleep 0.05; done",
          stop_signal: 'SIGTERM',
        })
        expect(await pool.spmi('start', 'here', 'ended')).toMatchObject({ status: 0 })
        await pool.spmi('wait', 'ended')
        expect(await there('start', 'there')).toMatchObject({ status: 0 })
        for (const spmi of [there, (...args: readonly string[]) => pool.spmi(...args)]) {
          const list = await spmi('list', '-l')
          const shown = [list]
          for (const key of isFull ? ['since', 'duration', 'cpu'] : ['duration'])
            shown.push(await spmi('list', '-l', '--sort', key))
          shown.push(
            await spmi('status', '.*'),
            await spmi('history', '.*'),
            await spmi('status', '--json', '.*'),
          )
          for (const { status, stdout, stderr } of shown) {
            count('cases')
            lies.push(...falseWords(stdout).map(line => `${shift}: ${line}`))
            if (status !== 0) lies.push(`${shift}: status ${status}: ${stderr}`)
            if (/"duration": -/.test(stdout)) lies.push(`${shift}: ${stdout}`)
          }
          if (!/^here +active/m.test(list.stdout) || !/^there +active/m.test(list.stdout))
            lies.push(`${shift}: ${list.stdout}`)
          if (!/^ended +inactive .* 7 /m.test(list.stdout)) lies.push(`${shift}: ${list.stdout}`)
          expect((await spmi('start', 'here')).stderr).toContain('it is active')
          expect(await spmi('pause', 'here')).toMatchObject({ status: 0 })
          const paused = await spmi('status', 'here')
          if (!paused.stdout.includes('active (paused)')) lies.push(`${shift}: not paused: ${paused.stdout}`)
          expect(await spmi('resume', 'here')).toMatchObject({ status: 0 })
          const resumed = await spmi('status', 'here')
          if (resumed.stdout.includes('paused')) lies.push(`${shift}: still paused: ${resumed.stdout}`)
          const begin = performance.now()
          expect((await spmi('wait', '--timeout', '0.3', 'here')).status).toBe(124)
          expect(performance.now() - begin).toBeLessThan(10_000)
          expect(await spmi('prune', '--keep', '1', 'ended')).toMatchObject({ status: 0 })
        }
        expect(await pool.spmi('stop', 'there')).toMatchObject({ status: 0 })
        expect((await pool.spmi('status', 'there')).stdout).toContain('Exit code: 5\n')
        expect(await there('kill', 'here')).toMatchObject({ status: 0 })
        expect(witness.survivors()).toEqual([])
        expect((await pool.spmi('status', 'here')).stdout).toContain('Exit code: 137 (SIGKILL)\n')
        expectNone('lies', lies)
      } finally {
        await pool.dispose()
      }
    },
    300_000,
  )
})

describe('with files that are dated far off', () => {
  const DATES = [-1e9, 0, 1, 4_102_444_800, 2 ** 32 + 5]
  const pool = new TestPool()
  beforeAll(async () => {
    await pool.load('active', { command: 'echo out; sleep 1000' })
    await pool.load('ended', { command: 'echo out; exit 7' })
    await pool.load('fresh', { command: 'true' })
    expect(await pool.spmi('start', 'active', 'ended')).toMatchObject({ status: 0 })
    await pool.spmi('wait', 'ended')
    await until(async () => (await pool.spmi('logs', 'active')).stdout === 'out\n')
  })
  afterAll(() => pool.dispose())

  test('all says the same as before', async () => {
    const commands = [
      ['list'],
      ['history', 'ended'],
      ['logs', '.*'],
      ['logs', '--since', '1h', 'ended'],
      ['list', '--sort', 'since'],
    ]
    const ask = async () => {
      const outcomes = []
      for (const args of commands) outcomes.push(await pool.spmi(...args))
      return outcomes.map(({ status, stdout }) => [status, stdout])
    }
    const before = await ask()
    for (const date of isFull ? DATES : DATES.slice(0, 4)) {
      for (const name of readdirSync(pool.path, { recursive: true }))
        utimesSync(join(pool.path, String(name)), date, date)
      count('cases', commands.length)
      expect([date, await ask()]).toEqual([date, before])
    }
  })
})

test('in odd zones nothing is wrong but the hour', async () => {
  const pool = new TestPool()
  try {
    await pool.load('task', { command: 'exit 7' })
    await pool.spmi('start', 'task')
    await pool.spmi('wait', 'task')
    for (const TZ of [
      '',
      'UTC',
      'Asia/Kathmandu',
      'Pacific/Kiritimati',
      'America/St_Johns',
      ':/nowhere',
      '../../etc/passwd',
      'XYZ-99',
      '\u0081',
      'A'.repeat(5000),
    ]) {
      count('cases')
      for (const args of [
        ['status', 'task'],
        ['history', 'task'],
        ['list', '-l'],
      ]) {
        const { status, stdout, stderr } = await pool.spmiWith({ environment: { TZ } }, ...args)
        expect([TZ, status, stderr.includes('bug')]).toEqual([TZ, 0, false])
        expect(stdout).toMatch(/\b7\b/)
        expect(falseWords(stdout)).toEqual([])
      }
    }
  } finally {
    await pool.dispose()
  }
})
