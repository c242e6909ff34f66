/** Two commands about the same tasks at the same moment, or a command and the end of what it is about, again and again. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonDocument } from '../../src/core/json-shape.ts'
import { type Outcome, TestPool, until } from '../support/spmi.ts'
import { Chronicle } from './support/chronicle.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { findRoughWords } from './support/judge.ts'
import { Random, seed } from './support/random.ts'
import { findMarked } from './support/witness.ts'

/** How many tasks a command is about: each of them is a round. */
const TASKS = 20

/** Tasks of one backend, and what their commands do. */
class Ring {
  readonly pool = new TestPool()
  readonly random: Random
  readonly ids = Array.from({ length: TASKS }, (_, index) => `task-${index + 1}`)
  readonly chronicles = new Map(this.ids.map(id => [id, new Chronicle(this.pool.folder, id)]))
  readonly #files: string[]

  constructor(backend: string, stream: number) {
    this.random = new Random(stream + backend.length)
    this.#files = this.ids.map(id => {
      const script = `read -r seconds <'${this.#durationOf(id)}'; sleep "$seconds"; finish 5`
      const wrapper = { command: (this.chronicles.get(id) as Chronicle).command(script), stdin: 'null' }
      return this.pool.write(
        `${id}.json`,
        JSON.stringify({ task: { id, backend: { type: backend }, wrapper } }),
      )
    })
  }

  load(): Promise<Outcome> {
    return this.pool.spmi('load', ...this.#files)
  }

  /** Sets how long commands run, in seconds. */
  setDurations(choose: () => number): void {
    for (const id of this.ids) writeFileSync(this.#durationOf(id), `${Math.max(0, choose()).toFixed(4)}\n`)
  }

  /** Runs a command about all tasks. @returns those of which it says that they are done, and why the others are not */
  async ask(verb: string): Promise<Answer> {
    const outcome = await this.pool.spmiWith({ timeout: 110_000 }, verb, '--json', '.*')
    expect(findRoughWords([verb], outcome)).toEqual([])
    const { manageables = [], errors } = JSON.parse(outcome.stdout) as JsonDocument
    const codes = errors.flatMap(({ id, code }) => (id === undefined ? [] : [[id, code] as const]))
    return { done: new Set(manageables.map(({ id }) => id)), codes: new Map(codes), document: outcome.stdout }
  }

  /** What of the ends of tasks is told falsely: each told run was ended by itself, as its command wrote, or by a signal. */
  async findFalseEnds(isSignal: (code: number) => boolean): Promise<string[]> {
    const { stdout } = await this.pool.spmi('status', '--json', '.*')
    return ((JSON.parse(stdout) as JsonDocument).manageables ?? []).flatMap(told => {
      const deed = this.chronicles.get(told.id)?.deeds.findLast(({ pid }) => pid === told.pid)
      const code = told.exit_code ?? -1
      const isTrue = deed?.code === undefined ? isSignal(code) : code === deed.code
      return told.state === 'inactive' && isTrue ? [] : [`${told.id}: ${stdout}, ${JSON.stringify(deed)}`]
    })
  }

  isLiving(id: string): boolean {
    return this.chronicles.get(id)?.living.length === 1
  }

  /** Whether a task that is told to be active has a command that lives, which may be about to write its first word. */
  async comesToLife(id: string): Promise<boolean> {
    await until(() => this.isLiving(id)).catch(() => {})
    return this.isLiving(id)
  }

  /** Ends what is left, and looks for what should not be. */
  async close(): Promise<void> {
    await until(async () => (await this.pool.spmi('kill', '.*')).status === 1, 60_000)
    expectNone('survivors', findMarked(join(this.pool.folder, 'chronicle-')))
    const seconds = [...this.chronicles].flatMap(([id, chronicle]) =>
      chronicle.seconds.length > 0 ? [id] : [],
    )
    expect(seconds).toEqual([])
  }

  #durationOf(id: string): string {
    return join(this.pool.folder, `duration-${id}`)
  }
}

interface Answer {
  readonly done: ReadonlySet<string>
  readonly codes: ReadonlyMap<string, string>
  /** All that was said. */
  readonly document: string
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

describe.each(isFull ? ['native', 'screen', 'tmux'] : ['native'])(`seed ${seed}, %s`, backend => {
  const share = backend === 'native' ? 1 : 0.1
  const ring = new Ring(backend, 7)
  beforeAll(() => ring.load())
  afterAll(() => ring.pool.dispose())

  test('stop against the natural end: what ended a command is told, and the answer is true', async () => {
    const rounds = extent(60, 1000 * share)
    const lies: string[] = []
    let middle = 0.15 // seconds: half of the commands are to end before the signal comes
    let ended = 0
    for (let round = 0; round < rounds; round += TASKS) {
      ring.setDurations(() => middle * (0.75 + ring.random.next() / 2))
      const { done: started } = await ring.ask('start')
      expect(started.size).toBe(TASKS)
      const { done, codes, document } = await ring.ask('stop')
      lies.push(...(await ring.findFalseEnds(code => code === 130 || code === 143)))
      for (const id of ring.ids) {
        const ownEnd = ring.chronicles.get(id)?.deeds.at(-1)?.code !== undefined
        const isTrue = done.has(id) || (codes.get(id) === 'inactive' && ownEnd)
        if (!isTrue || ring.isLiving(id)) lies.push(`stop of ${id}: ${document}`)
      }
      const own = ring.ids.filter(id => ring.chronicles.get(id)?.deeds.at(-1)?.code !== undefined).length
      middle = Math.max(0.03, middle * (0.5 + own / TASKS))
      ended += own
      count('rounds', TASKS)
    }
    measured(`stop against the natural end (${backend})`, `${ended} of ${rounds} ended by themselves`)
    expectNone('lies', lies)
  }, 300_000)

  test('restart against kill: at most one run lives, and what is told of it is true', async () => {
    const lies: string[] = []
    for (let round = 0; round < extent(40, 200 * share); round += TASKS) {
      ring.setDurations(() => 300)
      await ring.ask('start')
      const delays = [ring.random.below(60), ring.random.below(60)] as const
      const [restart, kill] = await Promise.all([
        pause(delays[0]).then(() => ring.ask('restart')),
        pause(delays[1]).then(() => ring.ask('kill')),
      ])
      const { stdout } = await ring.pool.spmi('list', '--json')
      for (const { id, state } of (JSON.parse(stdout) as JsonDocument).manageables ?? []) {
        const isTold = state === 'active'
        const mayLive = restart.done.has(id) || !kill.done.has(id)
        if ((isTold ? !(await ring.comesToLife(id)) : ring.isLiving(id)) || (isTold && !mayLive))
          lies.push(`${id} is ${state}: restart ${restart.document}, kill ${kill.document}`)
      }
      await ring.ask('kill')
      lies.push(...(await ring.findFalseEnds(code => code === 137)))
      count('rounds', TASKS)
    }
    expectNone('lies', lies)
  }, 300_000)

  test('clean against start: one of them succeeds, and what was started is there and lives', async () => {
    const lies: string[] = []
    for (let round = 0; round < extent(40, 200 * share); round += TASKS) {
      ring.setDurations(() => 300)
      const delays = [ring.random.below(30), ring.random.below(30)] as const
      const [start, clean] = await Promise.all([
        pause(delays[0]).then(() => ring.ask('start')),
        pause(delays[1]).then(() => ring.ask('clean')),
      ])
      const { stdout } = await ring.pool.spmi('list', '--json')
      const shown = new Map(
        (JSON.parse(stdout) as JsonDocument).manageables?.map(({ id, state }) => [id, state]),
      )
      for (const id of ring.ids) {
        const isRight = start.done.has(id)
          ? !clean.done.has(id) && shown.get(id) === 'active' && (await ring.comesToLife(id))
          : clean.done.has(id) && !shown.has(id) && !ring.isLiving(id)
        if (!isRight) lies.push(`${id}: start ${start.document}, clean ${clean.document}, list ${stdout}`)
      }
      await ring.ask('kill')
      await ring.ask('clean')
      expect(await ring.load()).toMatchObject({ status: 0 })
      count('rounds', TASKS)
    }
    expectNone('lies', lies)
    await ring.close()
  }, 300_000)
})
