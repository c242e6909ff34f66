/**
 * What comes late, or from elsewhere: a wrapper after its run was given up, a start after another one crashed, a host that shares the
 * pool. Of one task at most one run lives all the same.
 */
import { afterAll, afterEach, beforeEach, describe, expect } from 'bun:test'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { JsonDocument, JsonManageable } from '../../src/core/json-shape.ts'
import { findByArgument, isLiving } from '../support/processes.ts'
import { ARTIFACTS, runProgram, TestPool, until } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'
import { needs } from '../unit/needs.ts'
import { Chronicle } from './support/chronicle.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Held } from './support/held.ts'
import { findMarked } from './support/witness.ts'

const hasStrace = Bun.which('strace') !== null
const strace = needs('strace', hasStrace)

let pool: TestPool
let chronicles: Map<string, Chronicle>
const pools: TestPool[] = []
beforeEach(() => {
  pool = new TestPool()
  pools.push(pool)
  chronicles = new Map()
})
afterEach(async () => {
  count('cases')
  expect([...chronicles.values()].flatMap(({ seconds }) => seconds)).toEqual([])
  await pool.spmi('kill', '.*')
  expectNone('survivors', findMarked(`${pool.folder}/chronicle-`))
})
afterAll(() => Promise.all(pools.map(each => each.dispose())))

/** Loads a task whose command waits to be ended. */
async function load(id: string, backend = 'native'): Promise<Chronicle> {
  const chronicle = new Chronicle(pool.folder, id)
  chronicles.set(id, chronicle)
  const command = chronicle.command('sleep 300; finish 0')
  await pool.load(id, { command, stdin: 'null' }, { type: backend })
  return chronicle
}

async function show(id: string): Promise<JsonManageable> {
  const { stdout } = await pool.spmi('status', '--json', id)
  return (JSON.parse(stdout) as JsonDocument).manageables?.[0] as JsonManageable
}

const begins = async (chronicle: Chronicle) => {
  await until(() => chronicle.living.length === 1)
  return chronicle.living[0]?.pid ?? 0
}

/** A start whose wrappers are held up when they have opened their scripts, before they have claimed their runs. */
class LateStart {
  readonly #scripts: readonly string[]
  readonly #ended: Promise<unknown>
  readonly #log = `${pool.folder}/strace`
  readonly #starter = `${pool.folder}/starter.pid`
  outcome = ''

  /** @param how they are stopped, or slow: Screen and tmux let go on at once what is stopped */
  constructor(ids: readonly string[], how = 'signal=SIGSTOP') {
    this.#scripts = ids.map(id => `${pool.runDirectory(id)}/run.sh`)
    const paths = this.#scripts.flatMap(script => ['-P', script])
    const inject = ['-e', 'trace=openat', '-e', `inject=openat:${how}:when=1`]
    const self = ['sh', '-c', 'echo $$ >"$0"; exec "$@"', this.#starter]
    const argv = ['-f', '-qq', '-o', this.#log, ...inject, ...paths, ...self, ...ARTIFACTS['dist/spmi']]
    const child = spawn('strace', [...argv, 'start', 'task-.*'], {
      env: pool.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.on('data', chunk => (this.outcome += chunk))
    this.#ended = new Promise(resolve => child.on('exit', resolve)) // strace stays as long as what it follows
  }

  /** The wrappers. */
  get wrappers(): number[] {
    const isWrapper = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sh\0/')
    return this.#scripts.flatMap(findByArgument).filter(isWrapper)
  }

  /** Waits until all wrappers are stopped. */
  async areStopped(): Promise<void> {
    const isAll = (log: string) => log.split('--- stopped by SIGSTOP ---').length > this.#scripts.length
    await until(() => existsSync(this.#log) && isAll(readFileSync(this.#log, 'utf8')), 60_000)
  }

  crash(): void {
    process.kill(Number(readFileSync(this.#starter, 'utf8')), 'SIGKILL')
  }

  /** Lets the wrappers come, and waits until they are gone. */
  async come(): Promise<void> {
    const { wrappers } = this
    for (const pid of wrappers) process.kill(pid, 'SIGCONT')
    await until(() => !wrappers.some(isLiving), 60_000)
  }

  /** Waits until nothing is traced any more. */
  async end(): Promise<void> {
    await this.#ended
  }
}

describe('a wrapper that comes late', () => {
  const full = isFull ? strace : () => {} // it takes the time that a start waits for its wrapper
  const BACKENDS = [
    'native',
    ...(Bun.which('screen') ? ['screen'] : []),
    ...(Bun.which('tmux') ? ['tmux'] : []),
  ]

  full(
    `finds its run given up by the start, and does not run the command (${BACKENDS.join(', ')})`,
    async () => {
      for (const backend of BACKENDS) await load(`task-${backend}`, backend)
      const ids = [...chronicles.keys()]
      const start = new LateStart(ids, 'delay_exit=40000000')
      await until(() => start.outcome.includes('Started 0 manageables'), 60_000)
      for (const id of ids)
        expect(start.outcome).toContain(`cannot start manageable "${id}": its wrapper did not come in time`)
      expect(start.wrappers).toHaveLength(ids.length)
      expect(await pool.spmi('start', 'task-.*')).toMatchObject({ status: 0 })
      await start.come()
      for (const [id, chronicle] of chronicles) {
        await begins(chronicle)
        expect(chronicle.deeds).toHaveLength(1)
        expect(await show(id)).toMatchObject({ state: 'active', run: 2 })
      }
      expect(await pool.spmi('kill', 'task-.*')).toMatchObject({ status: 0 }) // the tmux server of the first start has all
      await start.end()
    },
    120_000,
  )

  strace(
    'after its starter crashed is seen, and can be given up',
    async () => {
      const chronicle = await load('task-1')
      const start = new LateStart(['task-1'])
      await start.areStopped()
      start.crash()
      await until(async () => (await show('task-1')).words === 'starting')
      expect(await pool.spmi('start', 'task-1')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('it is active'),
      })
      expect(await pool.spmi('kill', 'task-1')).toMatchObject({ status: 0 })
      expect(await show('task-1')).toMatchObject({
        state: 'inactive',
        words: 'start failed: kill came before its start',
      })
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 })
      await begins(chronicle)
      await start.come()
      expect(chronicle.deeds).toHaveLength(1)
      await start.end()
    },
    120_000,
  )

  strace(
    'after its starter crashed runs the command, if nobody gave it up',
    async () => {
      const chronicle = await load('task-1')
      const start = new LateStart(['task-1'])
      await start.areStopped()
      start.crash()
      for (const pid of start.wrappers) process.kill(pid, 'SIGCONT')
      await begins(chronicle)
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 1 })
      expect(await pool.spmi('kill', 'task-1')).toMatchObject({ status: 0 })
      await start.end()
    },
    120_000,
  )
})

strace(
  'a start that crashes before it launches anything leaves a run that the next start follows',
  async () => {
    const chronicle = await load('task-1')
    const published = { call: 'openat', path: `${pool.path}/task-1/runs`, time: 3 }
    await (await Held.start(pool, published, 'start', 'task-1')).crash()
    expect(await show('task-1')).toMatchObject({ state: 'inactive', run: 1, words: 'lost' })
    expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 })
    await begins(chronicle)
    expect(await show('task-1')).toMatchObject({ state: 'active', run: 2 })
    expect(chronicle.deeds).toHaveLength(1)
  },
  120_000,
)

describe('of two hosts that share a pool', () => {
  const hosts = needs(
    'a namespace of its own for names and mounts',
    UserManager.refuse() === undefined,
    'privilege',
  )
  const straced = hasStrace ? hosts : () => {}

  /** What makes of the rest of an argv a program of another host: its name, and its boot. It sees our processes, as a harder test. */
  const other = () => {
    const boot = pool.write('boot', '01234567-89ab-cdef-0123-456789abcdef\n')
    const script = `hostname other-host && mount --bind '${boot}' /proc/sys/kernel/random/boot_id && exec "$@"`
    return ['unshare', '--uts', '--mount', 'sh', '-c', script, 'sh']
  }
  const elsewhere = (...args: readonly string[]) =>
    runProgram([...other(), ...ARTIFACTS['dist/spmi'], ...args], {
      environment: pool.environment,
      cwd: pool.folder,
    })
  const host = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()

  hosts(
    'the other one neither starts, ends, signals nor removes what lives, and says where it is',
    async () => {
      const chronicle = await load('task-1')
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 })
      const pid = await begins(chronicle)
      const words = `whether it is active is unknown (runs on ${host}, ask there)`
      for (const verb of ['start', 'stop', 'kill', 'restart', 'pause', 'resume'])
        expect([verb, await elsewhere(verb, 'task-1')]).toEqual([
          verb,
          { status: 1, stdout: '', stderr: expect.stringContaining(words) },
        ])
      expect(await elsewhere('signal', 'TERM', 'task-1')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(words),
      })
      expect(await elsewhere('clean', 'task-1')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('whether it is active is unknown'),
      })
      expect((await elsewhere('list')).stdout).toContain('unknown')
      expect(chronicle.living.map(deed => deed.pid)).toEqual([pid])
      expect(readFileSync(`${pool.runDirectory('task-1')}/journal`, 'utf8')).not.toContain('signalled')
    },
    120_000,
  )

  hosts(
    'each starts what the other one has seen the end of, and not before',
    async () => {
      const chronicle = await load('task-1')
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 })
      expect(await pool.spmi('kill', 'task-1')).toMatchObject({ status: 0 })
      expect(await elsewhere('start', 'task-1')).toMatchObject({ status: 0 })
      await until(() => chronicle.deeds.length === 2)
      expect(await pool.spmi('start', 'task-1')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('runs on other-host, ask there'),
      })
      expect(await elsewhere('kill', 'task-1')).toMatchObject({ status: 0 })
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 })
    },
    120_000,
  )

  hosts(
    'who starts at the same moment is alone',
    async () => {
      const chronicle = await load('task-1')
      for (let round = 0; round < extent(3, 30); round++) {
        const starts = await Promise.all([
          ...Array.from({ length: 4 }, () => pool.spmi('start', 'task-1')),
          ...Array.from({ length: 4 }, () => elsewhere('start', 'task-1')),
        ])
        expect(starts.filter(({ status }) => status === 0)).toHaveLength(1)
        await until(() => chronicle.deeds.length === round + 1)
        const kills = await Promise.all([pool.spmi('kill', 'task-1'), elsewhere('kill', 'task-1')])
        expect([chronicle.living, kills.filter(({ status }) => status === 0).length, kills]).toEqual([
          [],
          1,
          kills,
        ])
        count('rounds')
      }
    },
    120_000,
  )

  straced(
    'a start that is on its way, or has crashed on its way, keeps the other one out',
    async () => {
      await load('task-1')
      const published = { call: 'openat', path: `${pool.path}/task-1/runs`, time: 3 }
      const start = await Held.start(pool, published, 'start', 'task-1')
      const refusal = { status: 1, stderr: expect.stringContaining(`runs on ${host}, ask there`) }
      expect(await elsewhere('start', 'task-1')).toMatchObject(refusal)
      await start.crash()
      expect(await elsewhere('start', 'task-1')).toMatchObject(refusal)
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 }) // its own host knows
    },
    120_000,
  )

  straced(
    'a clean gives back what the other one has started meanwhile',
    async () => {
      const chronicle = await load('task-1')
      // It has taken a number, and has read that it is the last one.
      const blocked = { call: 'getdents64', path: `${pool.path}/task-1/runs`, time: 2, through: other() }
      const clean = await Held.start(pool, blocked, 'clean', 'task-1')
      expect(await pool.spmi('start', 'task-1')).toMatchObject({ status: 0 })
      const pid = await begins(chronicle)
      expect(await clean.release()).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('it has just been started'),
      })
      expect(await show('task-1')).toMatchObject({ state: 'active', pid })
    },
    120_000,
  )
})
