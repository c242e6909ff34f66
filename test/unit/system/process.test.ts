import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import {
  type ExactIdentity,
  exists,
  identify,
  isAlive,
  isFromHere,
  isHalted,
  nameSignal,
  readStat,
  signalGroup,
  signalProcess,
  thisHost,
  thisProcess,
  uptime,
} from '../../../src/system/process.ts'
import { sleep } from '../../../src/system/sleep.ts'
import { listPids } from '../../../src/system/visit-processes.ts'
import { until } from '../../support/spmi.ts'
import { useChildren } from '../children.ts'
import { needs } from '../needs.ts'

const children = useChildren()

async function startSleep(environment?: NodeJS.ProcessEnv): Promise<ExactIdentity> {
  const pid = await children.start(['sleep', '60'], environment)
  await until(() => readStat(pid)?.name === 'sleep' && readStat(pid)?.state === 'S')
  return identify(pid) as ExactIdentity
}

describe('readStat', () => {
  test('says what the system knows of a process', async () => {
    const { pid } = await startSleep()
    expect(readStat(pid)).toMatchObject({ pid, name: 'sleep', parent: process.pid, group: pid, session: pid })
    expect(readStat(process.pid)?.parent).toBe(process.ppid)
    expect(['S', 'R']).toContain(readStat(pid)?.state as string)
  })

  test('is not deceived by a process that calls itself ") R 1 ("', async () => {
    for (const name of [') R 1 (', ') S 1 1 1 1', '((((', '))))', 'a b c', ') Z 0 0 0']) {
      const pid = await children.start([
        'sh',
        '-c',
        'printf %s "$1" >/proc/$$/comm; sleep 60 & wait',
        'sh',
        name,
      ])
      await until(() => readStat(pid)?.name === name)
      expect(readStat(pid)).toMatchObject({ name, parent: process.pid, group: pid, session: pid })
      const identity = identify(pid) as ExactIdentity
      expect([isAlive(identity), identity.start >= thisProcess().start]).toEqual([true, true])
    }
  })

  test('is undefined where there is no process', () => {
    expect([readStat(0), readStat(4_194_305), identify(4_194_305)]).toEqual([undefined, undefined, undefined])
  })
})

describe('identity', () => {
  test('is that of this host and boot', () => {
    const { host, boot, pid } = thisProcess()
    expect(pid).toBe(process.pid)
    expect(host).toBe(readFileSync('/proc/sys/kernel/hostname', 'utf8').trim())
    expect(boot).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    expect(thisHost()).toEqual({ host, boot })
  })

  test('of another host, another boot or another start is not alive here', async () => {
    const identity = await startSleep()
    expect(isAlive(identity)).toBe(true)
    for (const other of [
      { ...identity, host: 'elsewhere' },
      { ...identity, boot: 'earlier' },
      { ...identity, start: identity.start + 1 },
    ])
      expect([isAlive(other), exists(other), signalProcess(other, 'SIGKILL')]).toEqual([false, false, false])
    expect([isFromHere(identity), isFromHere({ ...identity, boot: 'earlier' })]).toEqual([true, false])
    expect(isAlive(identity)).toBe(true)
  })

  test('of which only a time is known at which it lived is not that of who started later', async () => {
    const { start, ...known } = await startSleep()
    for (const [seen, isMeant] of [
      [start, true],
      [start + 100, true],
      [start - 1, false],
      [Number.NaN, false],
      [undefined, false],
    ] as const) {
      expect([seen, isAlive({ ...known, seen }), exists({ ...known, seen })]).toEqual([
        seen,
        isMeant,
        isMeant,
      ])
      expect(signalProcess({ ...known, seen }, 'SIGCONT')).toBe(isMeant)
    }
  })

  test('of a zombie exists, but is not alive', async () => {
    const parent = await children.start(['sh', '-c', 'true & exec sleep 60'])
    let zombie: ExactIdentity | undefined
    await until(() => {
      const pid = listPids().find(candidate => readStat(candidate)?.parent === parent)
      zombie = pid !== undefined && readStat(pid)?.state === 'Z' ? identify(pid) : undefined
      return zombie !== undefined
    })
    expect([exists(zombie as ExactIdentity), isAlive(zombie as ExactIdentity)]).toEqual([true, false])
  })

  const unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
  const canUnshare =
    spawnSync('unshare', [...unshare.slice(1), 'sh', '-c', 'echo 9 >/proc/sys/kernel/ns_last_pid']).status ===
    0
  needs('a pid namespace', canUnshare, 'privilege')(
    'of a process is not matched by another one with the same pid, which gets no signal either',
    () => {
      const fixture = join(import.meta.dir, '../../fixtures/pid-reuse.ts')
      const { stdout } = spawnSync('unshare', [...unshare.slice(1), process.execPath, fixture], {
        encoding: 'utf8',
        timeout: 15_000,
      })
      expect(JSON.parse(stdout)).toEqual({
        isReused: true,
        whileAlive: true,
        exists: false,
        isAlive: false,
        signalled: false,
        secondLives: true,
      })
    },
    20_000,
  )
})

describe('what is halted', () => {
  test('is a process that was stopped, until somebody continues it', async () => {
    const identity = await startSleep()
    expect(isHalted(identity)).toBe(false)
    signalProcess(identity, 'SIGSTOP')
    await until(() => isHalted(identity))
    signalProcess(identity, 'SIGCONT')
    await until(() => !isHalted(identity))
  })

  needs('dash', existsSync('/bin/dash'))(
    'is a shell as well that waits for a child which was stopped before its exec',
    async () => {
      const pid = await children.start(['/bin/dash', '-c', 'while :; do /bin/true; done'])
      await until(() => readStat(pid)?.name === 'dash')
      const shell = identify(pid) as ExactIdentity
      for (let state = ''; state !== 'D'; state = readStat(pid)?.state ?? '') {
        signalGroup(pid, 'SIGCONT')
        await sleep(1)
        signalGroup(pid, 'SIGSTOP')
        await sleep(5)
      }
      expect(isHalted(shell)).toBe(true)
      signalGroup(pid, 'SIGCONT')
      await until(() => !isHalted(shell))
    },
  )
})

describe('signals', () => {
  test('reach the process that is meant', async () => {
    const identity = await startSleep()
    expect(signalProcess(identity, 'SIGTERM')).toBe(true)
    await until(() => !isAlive(identity))
  })

  test('to a group that is gone are not delivered', async () => {
    const { pid } = await startSleep()
    expect(signalGroup(pid, 'SIGKILL')).toBe(true)
    await children.end()
    expect(signalGroup(pid, 'SIGKILL')).toBe(false)
  })

  test('have the names that people know', () => {
    expect([1, 2, 6, 9, 11, 15].map(nameSignal)).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGABRT',
      'SIGKILL',
      'SIGSEGV',
      'SIGTERM',
    ])
    for (const [name, number] of Object.entries(constants.signals))
      expect([name, constants.signals[nameSignal(number) as 'SIGINT']]).toEqual([name, number])
    expect([0, 34, 64, 127].map(nameSignal)).toEqual([undefined, undefined, undefined, undefined])
  })
})

test('uptime counts milliseconds since boot', () => {
  const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  expect(Math.abs(uptime() - seconds * 1000)).toBeLessThan(1000)
})
