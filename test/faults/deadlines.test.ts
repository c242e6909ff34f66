/**
 * Programs that do not answer: each command comes back all the same, says so in one line, and serves whatever else it is about. All
 * of them wait at the same time, before the first test.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonDocument } from '../../src/core/json-shape.ts'
import { findByArgument, isLiving } from '../support/processes.ts'
import { SlurmCluster } from '../support/slurm.ts'
import { type Outcome, TestPool, until } from '../support/spmi.ts'
import { Chronicle } from './support/chronicle.ts'
import { isFull } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { Held } from './support/held.ts'

/** Seconds that no command may take, whatever the load of the machine: what hangs hangs for ever. */
const LIMIT = 60

/** A pool with a task of some backend, and one that runs without any program. */
class Scene {
  readonly pool: TestPool
  readonly task: Chronicle
  readonly #what: string
  readonly #stopped: number[] = []

  constructor(what: string, environment: NodeJS.ProcessEnv = {}) {
    this.#what = what
    this.pool = new TestPool('dist/spmi', environment)
    this.task = new Chronicle(this.pool.folder, 'task')
  }

  async load(id: string, type: string): Promise<void> {
    const command = id === 'task' ? this.task.command('sleep 300; finish 0') : 'exec sleep 300'
    await this.pool.load(id, { command }, { type })
  }

  /** Runs a command that must come back. */
  async ask(...args: readonly string[]): Promise<Outcome> {
    const started = performance.now()
    const outcome = await this.pool.spmiWith({ timeout: LIMIT * 1000 }, ...args)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    count('cases')
    measured(`spmi ${args[0]}, ${this.#what}`, `${seconds} s`)
    expect(outcome.status).not.toBeNull()
    return outcome
  }

  async stateOf(id: string): Promise<{ state?: string; words?: string }> {
    const { stdout } = await this.ask('status', '--json', '.*')
    return (JSON.parse(stdout) as JsonDocument).manageables?.find(told => told.id === id) ?? {}
  }

  /** A start of the task that crashes when it has published its run, and has launched nothing: only the backend knows more. */
  async crashStart(): Promise<void> {
    const moment = { call: 'openat', path: `${this.pool.path}/task/runs`, time: 3 }
    await (await Held.start(this.pool, moment, 'start', 'task')).crash()
  }

  stop(pid: number): void {
    this.#stopped.push(pid)
    process.kill(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of this.#stopped.splice(0)) if (isLiving(pid)) process.kill(pid, 'SIGCONT')
  }

  async close(): Promise<void> {
    this.resume()
    await this.pool.dispose()
  }
}

/** A socket that takes everything and never answers. */
async function muteSocket(path: string): Promise<() => Promise<void>> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer(socket => sockets.add(socket.on('error', () => {})))
  await new Promise<void>(listening => server.listen(path, listening))
  return async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(closed => server.close(closed))
  }
}

const scenes: Scene[] = []
const ends: (() => Promise<unknown>)[] = []
function setScene(what: string, environment: NodeJS.ProcessEnv = {}): Scene {
  const scene = new Scene(what, environment)
  scenes.push(scene)
  return scene
}

/** Each waits for a deadline; what it expects stands in it. */
const SCENES: Readonly<
  Record<string, { needs: readonly string[]; isLong?: true; play: () => Promise<void> }>
> = {
  'a reader that is stopped: connect gives up': {
    needs: [],
    isLong: true,
    play: async () => {
      const scene = setScene('a reader that is stopped')
      await scene.load('task', 'native')
      await scene.ask('start', 'task')
      await until(() => scene.task.living.length === 1)
      scene.stop(scene.task.living[0]?.pid ?? 0)
      const input = 'line\n'.repeat(50_000)
      const outcome = await scene.pool.spmiWith({ input, timeout: LIMIT * 1000 }, 'connect', 'task')
      expect(outcome).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/cannot pass input to manageable "task": it does not read its input/),
      })
      expect(await scene.ask('kill', 'task')).toMatchObject({ status: 0 })
    },
  },
  'a screen that hangs: start gives it up with what it has started, and starts the others': {
    needs: ['screen'],
    play: async () => {
      const scene = setScene('screen hangs')
      const bin = join(scene.pool.folder, 'bin')
      mkdirSync(bin)
      const text = `#!/bin/sh\nkill -STOP $$\nexec ${Bun.which('screen')} "$@"\n`
      await Bun.write(join(bin, 'screen'), text)
      Bun.spawnSync(['chmod', '700', join(bin, 'screen')])
      Object.assign(scene.pool.environment, { PATH: `${bin}:${process.env.PATH}` })
      await scene.load('task', 'screen')
      await scene.load('other', 'native')
      expect(await scene.ask('start', '.*')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('cannot start manageable "task": screen did not answer in time'),
      })
      expect(await scene.stateOf('other')).toMatchObject({ state: 'active' })
      expectNone('survivors', findByArgument(join(bin, 'screen')))
    },
  },
  'a user manager that is silent: start, list and doctor give it up': {
    needs: ['systemd-run', 'strace'],
    play: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'spmi-mute-'))
      mkdirSync(join(folder, 'systemd'))
      const bus = join(folder, 'bus')
      for (const path of [join(folder, 'systemd/private'), bus]) ends.push(await muteSocket(path))
      ends.push(async () => rmSync(folder, { recursive: true }))
      const DBUS = {
        DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}`,
        DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}`,
      }
      const scene = setScene('the user manager is silent', { XDG_RUNTIME_DIR: folder, ...DBUS })
      await scene.load('task', 'systemd')
      await scene.load('other', 'native')
      const start = scene.ask('start', '.*')
      if (isFull) expect((await scene.ask('doctor')).stdout).toContain('did not answer in time')
      expect(await start).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('cannot start manageable "task": systemd-run did not answer in time'),
      })
      expect(await scene.stateOf('other')).toMatchObject({ state: 'active' })
      if (!isFull) return
      await scene.crashStart()
      const words = 'systemctl: systemctl did not answer in time'
      expect(await scene.stateOf('task')).toMatchObject({ state: 'unknown', words })
      expect(await scene.ask('start', 'task')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(words),
      })
    },
  },
  'a tmux server that is stopped: start gives it up, and its tasks are seen and stopped all the same': {
    needs: ['tmux', 'strace'],
    isLong: true,
    play: async () => {
      const scene = setScene('the tmux server is stopped')
      await scene.load('one', 'tmux')
      await scene.load('task', 'tmux')
      await scene.load('other', 'native')
      expect(await scene.ask('start', 'one')).toMatchObject({ status: 0 })
      const { backend_id: server } = (await scene.stateOf('one')) as { backend_id?: string }
      scene.stop(Number(server))
      expect(await scene.stateOf('one')).toMatchObject({ state: 'active' })
      const words = 'tmux: tmux did not answer in time'
      expect(await scene.ask('start', 'task', 'other')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`cannot start manageable "task": ${words}`),
      })
      expect(await scene.stateOf('other')).toMatchObject({ state: 'active' })
      expect(await scene.ask('stop', 'one')).toMatchObject({ status: 0 })
      await scene.crashStart()
      expect(await scene.stateOf('task')).toMatchObject({
        state: 'unknown',
        words: 'tmux list-sessions: tmux did not answer in time',
      })
      scene.resume() // the session may come now, and its wrapper finds the run given up
      await until(async () => (await scene.stateOf('task')).state === 'inactive')
      expect(scene.task.deeds).toEqual([])
    },
  },
  'a session of screen that is stopped: its task is seen and stopped all the same': {
    needs: ['screen', 'strace'],
    isLong: true,
    play: async () => {
      const scene = setScene('a session of screen is stopped')
      await scene.load('task', 'screen')
      await scene.load('one', 'screen')
      expect(await scene.ask('start', 'one')).toMatchObject({ status: 0 })
      const { backend_id: session } = (await scene.stateOf('one')) as { backend_id?: string }
      scene.stop(Number(session))
      await scene.crashStart()
      expect(await scene.stateOf('one')).toMatchObject({ state: 'active' }) // screen -ls is asked about the other one
      expect(await scene.ask('stop', 'one')).toMatchObject({ status: 0 })
    },
  },
  'a controller of Slurm that is stopped: what it has is unknown, and the others are served': {
    needs: SlurmCluster.refuse() === undefined ? ['strace'] : ['slurmctld'],
    isLong: true,
    play: async () => {
      const cluster = new SlurmCluster()
      await cluster.start()
      ends.push(() => cluster.stop())
      const scene = setScene('the controller is stopped', cluster.environment)
      await scene.load('task', 'slurm')
      await scene.load('next', 'slurm')
      await scene.load('other', 'native')
      expect(await scene.ask('start', 'task')).toMatchObject({ status: 0 })
      await until(() => scene.task.living.length === 1, 60_000)
      const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
      const [controller = 0] = findByArgument(cluster.environment.SLURM_CONF).filter(
        pid => nameOf(pid) === 'slurmctld',
      )
      scene.stop(controller)
      expect(await scene.ask('start', 'next', 'other')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('cannot start manageable "next": sbatch did not answer in time'),
      })
      expect(await scene.stateOf('other')).toMatchObject({ state: 'active' })
      expect(await scene.stateOf('task')).toMatchObject({
        state: 'unknown',
        words: 'squeue: squeue did not answer in time',
      })
      expect(await scene.ask('kill', 'task')).toMatchObject({ status: 1 })
      scene.resume()
      await until(async () => (await scene.ask('kill', 'task')).status === 0, 60_000)
    },
  },
}

describe('what does not answer', () => {
  const played = new Map<string, Promise<unknown>>()
  beforeAll(() => {
    for (const [name, { needs, isLong, play }] of Object.entries(SCENES))
      if (needs.every(program => Bun.which(program)) && (isFull || !isLong))
        played.set(
          name,
          play().then(
            () => undefined,
            error => error,
          ),
        )
  })
  afterAll(async () => {
    await Promise.all(scenes.map(scene => scene.close()))
    await Promise.all(ends.map(end => end()))
  }, 120_000)

  for (const [name, { isLong }] of Object.entries(SCENES))
    if (isFull || !isLong)
      test(name, async () => {
        const end = played.get(name)
        if (end === undefined) return // what it needs is not installed
        const error = await end
        if (error !== undefined) throw error
      }, 240_000)
})
