/**
 * Everything at once. Whatever comes between whatever: of one task at most one run lives, what is said of it is true, who is
 * refused is told so in words, and nothing is left behind.
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { TestPool, until } from '../support/spmi.ts'
import { Chronicle } from './support/chronicle.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { findLies, findRoughWords, witness } from './support/judge.ts'
import { Random, seed } from './support/random.ts'
import { findMarked } from './support/witness.ts'

const TASKS = 20
const CONTENDERS = 50

/** How commands behave: each ends by itself, one way or another. */
const SCRIPTS = [
  'finish 0',
  'finish 7',
  'sleep 0.2; finish 3',
  'sleep 2; finish 0',
  "trap 'finish 9' INT TERM; sleep 3 & wait $!; finish 5",
  "(trap '' INT TERM; sleep 0.4) & finish 4", // its group outlives it
]

/** What is done to tasks, as often as it stands here. */
const DEEDS = [
  ...['start', 'start', 'start', 'start', 'restart', 'stop', 'stop', 'kill', 'clean', 'clean'],
  ...['load', 'load', 'load', 'reload', 'list', 'status', 'history', 'prune', 'signal'],
] as const

const OPERANDS: Readonly<Record<string, readonly string[]>> = { list: [], signal: ['USR2'] }

/** A pool whose tasks are loaded, cleaned, started and ended by many at once. */
class Arena {
  readonly pool = new TestPool()
  readonly chronicles: ReadonlyMap<string, Chronicle>
  readonly lies: string[] = []
  readonly rough: string[] = []
  readonly #random: Random

  constructor(backend: string, stream: number) {
    const ids = Array.from({ length: TASKS }, (_, index) => `task-${index + 1}`)
    this.chronicles = new Map(ids.map(id => [id, new Chronicle(this.pool.folder, id)]))
    this.#random = new Random(stream)
    for (const [id, chronicle] of this.chronicles)
      for (const [variant, script] of SCRIPTS.entries()) {
        const wrapper = { command: chronicle.command(script), stop_timeout: 4, stdin: 'null' }
        const task = { id, keep_runs: 3, backend: { type: backend }, wrapper }
        this.pool.write(`${id}.${variant}.json`, JSON.stringify({ task }))
      }
  }

  /** Does something to some task, or asks what is with all of them, again and again. */
  async contend(until: number): Promise<void> {
    while (performance.now() < until) {
      const verb = this.#random.pick(DEEDS)
      const id = `task-${1 + Math.floor(TASKS * this.#random.next() ** 3)}` // a third of all goes to the first one
      const file = `${id}.${this.#random.below(SCRIPTS.length)}.json`
      const operands = verb === 'load' || verb === 'reload' ? [file] : [...(OPERANDS[verb] ?? []), id]
      await this.#do(verb, verb === 'list' ? [] : operands, id)
    }
  }

  async #do(verb: string, operands: readonly string[], id: string): Promise<void> {
    const { outcome, throughout } = await witness(this.pool, this.chronicles, verb, ...operands)
    count('cases')
    this.rough.push(...findRoughWords([verb, ...operands], outcome))
    const lived = throughout.get(id) ?? []
    const isOver = ['stop', 'kill', 'restart', 'clean'].includes(verb) && outcome.status === 0
    const saysInactive = /it is inactive/.test(outcome.stderr)
    if ((isOver || saysInactive) && lived.length > 0)
      this.lies.push(`${verb} ${id}: ${JSON.stringify(outcome)}, while ${JSON.stringify(lived)} lived`)
  }

  /** Asks all the while, and checks each answer. */
  async watch(until: number): Promise<void> {
    const questions = [['list'], ['status', '.*'], ['history', '.*']]
    for (let round = 0; performance.now() < until; round++) {
      const [verb = '', ...operands] = questions[round % questions.length] ?? []
      const witnessed = await witness(this.pool, this.chronicles, verb, '--json', ...operands)
      this.rough.push(...findRoughWords([verb], witnessed.outcome))
      this.lies.push(...findLies(witnessed, this.chronicles))
    }
  }

  get seconds(): string[] {
    return [...this.chronicles].flatMap(([id, { seconds }]) => seconds.map(pid => `${id}: ${pid}`))
  }

  /** What bears a hidden name in the pool, now that nobody is at work in it. */
  get leftovers(): string[] {
    const names = readdirSync(this.pool.path, { recursive: true }) as string[]
    return names.filter(name => /(^|\/)\.(new|gone)-/.test(name))
  }
}

describe.each(isFull ? ['native', 'screen', 'tmux'] : ['native'])(`seed ${seed}, %s`, backend => {
  const arena = new Arena(backend, backend.length)
  afterAll(() => arena.pool.dispose())

  test(`${CONTENDERS} commands at once over ${TASKS} tasks`, async () => {
    const end = performance.now() + extent(4000, backend === 'native' ? 60_000 : 15_000)
    await Promise.all([
      ...Array.from({ length: CONTENDERS }, () => arena.contend(end)),
      arena.watch(end),
      arena.watch(end),
    ])
    expect(arena.chronicles.get('task-1')?.deeds.length).toBeGreaterThan(0)
    expectNone('lies', arena.lies)
    expectNone('torn states', arena.leftovers)
    expect(arena.seconds).toEqual([]) // a run that began while another one lived
    expect(arena.rough).toEqual([])
  }, 300_000)

  test('nothing is left after kill and clean', async () => {
    await until(async () => (await arena.pool.spmi('kill', '.*')).stderr.includes('Killed 0'), 60_000)
    expect(await arena.pool.spmi('clean', '.*')).toMatchObject({ status: 0 })
    expectNone('survivors', findMarked(join(arena.pool.folder, 'chronicle-')))
    expectNone(
      'torn states',
      readdirSync(arena.pool.path).filter(name => name !== '.spmi'),
    )
  }, 120_000)
})
