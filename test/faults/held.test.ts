/**
 * Races whose worst moment is chosen: a command is stopped right after one of its system calls, others do what changes everything,
 * and it goes on with what it saw. (races.test.ts leaves the moments to chance.)
 */
import { afterAll, describe, expect } from 'bun:test'
import { existsSync } from 'node:fs'
import type { JsonDocument, JsonManageable } from '../../src/core/json-shape.ts'
import { type Outcome, TestPool, until } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'
import { Chronicle } from './support/chronicle.ts'
import { count, expectNone } from './support/figures.ts'
import { Held } from './support/held.ts'
import { findRoughWords } from './support/judge.ts'

const strace = needs('strace', Bun.which('strace') !== null)
const held = (name: string, body: () => Promise<void>) => strace(name, body, 120_000)

/** A task that has run before, and its command, which runs until it is told to end. */
class Stage {
  readonly pool = new TestPool()
  readonly chronicle = new Chronicle(this.pool.folder, 'task')
  readonly #go = `${this.pool.folder}/end`

  async prepare(runs = 1, more: object = {}): Promise<void> {
    const script = `until [ -e '${this.#go}' ]; do sleep 0.05; done; finish 4`
    const path = this.pool.write('command.sh', this.chronicle.command(script))
    // Without the variable by which a later run of the same number would be taken for a part of this one.
    const wrapper = { command: `exec env -u SPMI_RUN sh ${path}`, stdin: 'null' }
    this.pool.write('task.json', JSON.stringify({ task: { id: 'task', wrapper, ...more } }))
    await this.does('load', 'task.json')
    this.pool.write('end', '')
    for (let run = 0; run < runs; run++) {
      await this.does('start', 'task')
      await until(async () => (await this.show()).state === 'inactive')
    }
    await Bun.file(this.#go).delete()
  }

  /** Holds a command once it has opened a file of the task, whether that is there or not. */
  holds(path: string, time: number, ...args: readonly string[]): Promise<Held> {
    return Held.start(this.pool, { call: 'openat', path: `${this.pool.path}/task/${path}`, time }, ...args)
  }

  /** Holds a command once it has read the names of the task's runs: of two calls the second one says that there are no more. */
  holdsWithNames(time: number, ...args: readonly string[]): Promise<Held> {
    const path = `${this.pool.path}/task/runs`
    return Held.start(this.pool, { call: 'getdents64', path, time: 2 * time }, ...args)
  }

  async does(...args: readonly string[]): Promise<void> {
    expect(await this.pool.spmi(...args)).toMatchObject({ status: 0 })
  }

  async refuses(words: string, ...args: readonly string[]): Promise<void> {
    expect(await this.pool.spmi(...args)).toMatchObject({ status: 1, stderr: expect.stringContaining(words) })
  }

  async end(): Promise<void> {
    this.pool.write('end', '')
    await until(() => this.chronicle.living.length === 0)
  }

  async show(): Promise<JsonManageable> {
    return readOne(await this.pool.spmi('status', '--json', 'task'))
  }

  /** What holds after whatever came between whatever. */
  async check(last: Outcome): Promise<void> {
    count('cases')
    const { living, seconds } = this.chronicle
    expect(living.length).toBeLessThanOrEqual(1)
    expect(seconds).toEqual([])
    expect(findRoughWords([], last)).toEqual([])
    const said = await this.show().catch(() => undefined)
    expectNone('lies', living.length > 0 && said?.state !== 'active' ? [said] : [])
  }
}

function readOne({ stdout }: Outcome): JsonManageable {
  const [first] = (JSON.parse(stdout) as JsonDocument).manageables ?? []
  if (first === undefined) throw new Error(stdout)
  return first
}

describe('a command that is held while others go on', () => {
  let stage: Stage
  const stages: Stage[] = []
  const begin = async (...args: Parameters<Stage['prepare']>) => {
    stage = new Stage()
    stages.push(stage)
    await stage.prepare(...args)
  }
  afterAll(() => Promise.all(stages.map(({ pool }) => pool.dispose())))

  const replace = async () => {
    await stage.does('clean', 'task')
    await stage.does('load', 'task.json')
    await stage.does('start', 'task')
  }

  held('a start that saw the run before last comes too late', async () => {
    await begin()
    const start = await stage.holds('runs/1/journal', 1, 'start', 'task')
    await replace()
    const outcome = await start.release()
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringMatching(/it is active|somebody else/) })
    await stage.check(outcome)
  })

  held('a clean that saw the run before last leaves the one that lives', async () => {
    await begin()
    const clean = await stage.holds('runs/1/journal', 2, 'clean', 'task')
    await replace()
    const outcome = await clean.release()
    expect(outcome).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/it is active|it has just been|somebody else/),
    })
    await stage.check(outcome)
  })

  held('while one cleans, nobody else cleans or starts', async () => {
    await begin()
    const clean = await stage.holds('runs', 4, 'clean', 'task') // when it has published
    await stage.refuses('it is being cleaned', 'clean', 'task')
    await stage.refuses('it is being cleaned', 'start', 'task')
    const outcome = await clean.release()
    expect(outcome).toMatchObject({ status: 0 })
    await stage.check(outcome)
    await stage.refuses('Nothing to start', 'start', 'task')
  })

  held('a clean that crashes keeps nobody out, and no start is said to have failed', async () => {
    await begin()
    const clean = await stage.holds('runs', 4, 'clean', 'task')
    expect(await stage.show()).toMatchObject({ state: 'inactive', words: 'being cleaned' })
    await clean.crash()
    expect(await stage.show()).toMatchObject({ state: 'inactive', run: 1, exit_code: 4 })
    await stage.does('start', 'task')
    await stage.check(await stage.pool.spmi('list'))
  })

  held('a start of what has been removed says so', async () => {
    await begin()
    const start = await stage.holds('runs/1/journal', 1, 'start', 'task')
    await stage.does('clean', 'task')
    const outcome = await start.release()
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('it has just been removed') })
    await stage.check(outcome)
  })

  held('a status whose run is removed tells of the newer one', async () => {
    await begin(1, { keep_runs: 1 })
    const status = await stage.holdsWithNames(1, 'status', '--json', 'task')
    await stage.does('start', 'task')
    const outcome = await status.release()
    expect(readOne(outcome)).toMatchObject({ state: 'active', run: 2 })
    await stage.check(outcome)
  })

  held('a status of what is removed calls nothing lost', async () => {
    await begin()
    const status = await stage.holdsWithNames(1, 'status', '--json', 'task')
    await stage.does('clean', 'task')
    const outcome = await status.release()
    expectNone('lies', readOne(outcome).outcome === 'lost' ? [outcome] : [])
    await stage.check(outcome)
  })

  held('a history from which runs are removed calls none of them lost', async () => {
    await begin(3)
    const history = await stage.holdsWithNames(2, 'history', '--json', 'task')
    await stage.does('prune', '--keep', '1', 'task')
    const outcome = await history.release()
    expect(readOne(outcome).runs).toMatchObject([{ run: 3, exit_code: 4 }])
    await stage.check(outcome)
  })

  held('a run whose start comes to its end during a look is not lost', async () => {
    await begin()
    const start = await stage.holds('runs', 3, 'start', 'task') // when it has published
    const status = await stage.holds('runs/2/journal', 2, 'status', '--json', 'task')
    expect(await start.release()).toMatchObject({ status: 0 })
    const outcome = await status.release()
    expect(readOne(outcome)).toMatchObject({ state: 'active', run: 2 })
    await stage.check(outcome)
  })

  held('a stop whose run ends by itself and is removed does not stumble', async () => {
    await begin()
    await stage.does('start', 'task')
    const stop = await stage.holds('runs/2/starter', 1, 'stop', 'task')
    await stage.end()
    await until(async () => (await stage.show()).state === 'inactive')
    expect(await stage.show()).toMatchObject({ exit_code: 4 })
    await stage.does('clean', 'task')
    const outcome = await stop.release()
    expect(outcome).toMatchObject({ status: 0 })
    await stage.check(outcome)
  })

  held('a reload of what has been removed says so', async () => {
    await begin()
    const moment = { call: 'statx', path: `${stage.pool.path}/task` } // when it has seen that it is there
    const reload = await Held.start(stage.pool, moment, 'reload', 'task.json')
    await stage.does('clean', 'task')
    const outcome = await reload.release()
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('is not loaded') })
    await stage.check(outcome)
    expect(existsSync(stage.pool.runDirectory('task'))).toBe(false)
  })

  held('a prune that saw older runs leaves one that is about to start under their number', async () => {
    await begin(2)
    const prune = await stage.holdsWithNames(1, 'prune', '--keep', '1', 'task')
    await stage.does('clean', 'task')
    await stage.does('load', 'task.json')
    const start = await stage.holds('runs', 3, 'start', 'task') // when it has published
    await stage.check(await prune.release())
    const outcome = await start.release()
    expect(outcome).toMatchObject({ status: 0 })
    await stage.check(outcome)
  })
})
