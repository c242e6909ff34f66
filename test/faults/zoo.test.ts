/**
 * Processes that are hard to end. After a kill none of them lives; after a stop neither, or it fails and names what is left. What
 * lives is found by their arguments, their environment and the files that they have open, none of which SPMI put there.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { newMark } from '../contract/contract.ts'
import { type Animal, RARE, ZOO } from '../contract/zoo.ts'
import { findByArgument, isLiving, nameOf } from '../support/processes.ts'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, TestPool, until } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { Witness } from './support/witness.ts'

const REAPER = resolve(import.meta.dir, '../fixtures/reaper.pl')
const DETECTOR = `perl '${resolve(import.meta.dir, '../fixtures/detect-twice.pl')}'`
const ANIMALS = { ...ZOO, ...RARE }
/** Without those that need somebody who reaps what they leave as fast as they leave it, which systemd does not. */
const SETTLED = Object.fromEntries(Object.entries(RARE).filter(([name]) => !name.startsWith('hops')))

/** A task whose command is an animal, and who watches it. */
class Captive {
  readonly id: string
  readonly #pool: TestPool
  readonly #animal: Animal
  readonly #mark = newMark()
  readonly #witness: Witness

  constructor(pool: TestPool, name: string, animal: Animal) {
    this.id = name.replaceAll(/[^a-z]+/g, '-')
    this.#pool = pool
    this.#animal = animal
    this.#witness = new Witness(pool.folder)
  }

  /** Writes its descriptor. @returns the path */
  describe(backend: string): string {
    const command = this.#witness.command(this.#animal.command(this.#mark))
    const task = { id: this.id, backend: { type: backend }, wrapper: { command, stop_timeout: 1 } }
    return this.#pool.write(`${this.id}.json`, JSON.stringify({ task }))
  }

  isReady(): boolean {
    return findByArgument(this.#mark).length + this.#witness.saidTimes('ready') >= this.#animal.count
  }

  /** What lives of it. What hops is seldom seen, but heard. */
  survivors(): number[] {
    return [...new Set([...this.#witness.survivors(), ...findByArgument(this.#mark)])]
  }

  async isHopping(): Promise<boolean> {
    const size = statSync(this.#witness.path).size
    await Bun.sleep(20)
    return statSync(this.#witness.path).size > size
  }

  /** For a test that has failed. */
  end(): void {
    const pids = this.survivors().map(String)
    if (pids.length > 0) Bun.spawnSync(['kill', '-KILL', ...pids])
  }

  hops(): number {
    return this.#witness.saidTimes('hop')
  }

  /** What lives of it, in words; none when nothing does. */
  async describeSurvivors(): Promise<string[]> {
    const pids = this.survivors()
    const hop = (await this.isHopping()) ? ['it hops'] : []
    return [...pids.map(pid => `${this.id}: ${pid}`), ...hop.map(words => `${this.id}: ${words}`)]
  }
}

async function describeAllSurvivors(captives: readonly Captive[]): Promise<string[]> {
  return (await Promise.all(captives.map(captive => captive.describeSurvivors()))).flat()
}

/** Starts them, and sees to it that what dies of them is reaped. */
function startBelowReaper(pool: TestPool, captives: readonly Captive[]): ChildProcess {
  const argv = [REAPER, ...ARTIFACTS['dist/spmi'], 'start', ...captives.map(({ id }) => id)]
  return spawn('perl', argv, { env: pool.environment, stdio: 'ignore' })
}

function describeZoo(backend: string, animals = RARE, environment: NodeJS.ProcessEnv = {}): void {
  describe(`on ${backend}`, () => {
    const pool = new TestPool('dist/spmi', environment)
    afterAll(() => pool.dispose())

    const reapers: ChildProcess[] = []
    const captured: Captive[] = []
    afterAll(() => {
      for (const captive of captured) captive.end()
      for (const reaper of reapers) reaper.kill('SIGKILL')
    })

    const load = async (captives: readonly Captive[]) => {
      const descriptors = captives.map(captive => captive.describe(backend))
      expect(await pool.spmi('load', ...descriptors)).toMatchObject({ status: 0 })
    }

    let visits = 0
    /** Starts animals, all at once, and waits until they are what they are. What dies of them is reaped. */
    async function capture(animals: readonly (readonly [string, Animal])[]): Promise<Captive[]> {
      const visit = ++visits
      const captives = animals.map(
        ([name, animal]) => new Captive(pool, `${name} ${'x'.repeat(visit)}`, animal),
      )
      captured.push(...captives)
      await load(captives)
      reapers.push(startBelowReaper(pool, captives))
      const unready = () => captives.filter(captive => !captive.isReady()).map(({ id }) => id)
      await until(() => unready().length === 0, 60_000).catch(() => expect(unready()).toEqual([]))
      count('cases', captives.length)
      return captives
    }

    test('a kill of the whole zoo leaves nothing', async () => {
      const captives = await capture(Object.entries(animals))
      const before = await describeAllSurvivors(captives)
      expect(captives.filter(({ id }) => !before.some(words => words.startsWith(`${id}: `)))).toEqual([]) // else nobody would see them
      const killed = await pool.spmi('kill', ...captives.map(({ id }) => id))
      expect(killed).toMatchObject({ status: 0 })
      expectNone('survivors', await describeAllSurvivors(captives))
      const active = (await pool.spmi('list')).stdout.split('\n').filter(line => / active/.test(line))
      expectNone('lies', active)
    })

    test('a stop of the whole zoo leaves nothing, or fails and names what is left', async () => {
      const captives = await capture(Object.entries(animals))
      const { stderr } = await pool.spmi('stop', ...captives.map(({ id }) => id))
      const unnamed: string[] = []
      for (const captive of captives) {
        const left = await captive.describeSurvivors()
        const named = namedIn(stderr, captive.id)
        if (left.length > 0 && named.length === 0) unnamed.push(...left)
        // What hops is another one by now; and what a job of Slurm leaves, Slurm itself may end.
        if (named.length > 0 && captive.hops() === 0 && backend !== 'slurm')
          expect([captive.id, named.filter(isLiving)]).toEqual([captive.id, named])
      }
      expectNone('survivors', unnamed)
      const failed = captives.filter(({ id }) => namedIn(stderr, id).length > 0).map(({ id }) => id)
      expect(failed.length).toBeGreaterThan(0)
      const killed = await pool.spmi('kill', ...failed)
      const refusals = killed.stderr.split('\n').filter(line => line.startsWith('cannot kill'))
      expect(refusals.filter(line => backend !== 'slurm' || !line.endsWith(': it is inactive'))).toEqual([])
      expectNone('survivors', await describeAllSurvivors(captives))
    }, 120_000)

    test('while something of it hides, a task is active: start refuses, and stop reaches it', async () => {
      const hidden: Animal = {
        command: mark => `env -i setsid -f sleep ${mark} 9>&-; while [ ! -e "$GO" ]; do sleep 0.01; done`,
        count: 1,
      }
      const captives = await capture([
        ['hides', { ...hidden, command: mark => hidden.command(mark).replace('$GO', `${pool.folder}/go`) }],
      ])
      const [{ id } = { id: '' }] = captives
      pool.write('go', '')
      await until(async () => (await pool.spmi('status', id)).stdout.includes('left behind'))
      const lies: unknown[] = []
      for (let round = 0; round < extent(3, 20); round++) {
        const { stderr } = await pool.spmi('start', id)
        if (!stderr.includes('it is active')) lies.push(stderr)
      }
      expectNone('lies', lies)
      expect(await pool.spmi('stop', id)).toMatchObject({ status: 0 })
      expectNone('survivors', await describeAllSurvivors(captives))
      expect((await pool.spmi('status', id)).stdout).toContain('Exit code: 0')
    })

    test('a task that another one has started is no part of it', async () => {
      const inner = new Captive(
        pool,
        'the inner one',
        ZOO['cleared its environment, and left its session and its parent'] as Animal,
      )
      await load([inner])
      const start = `${ARTIFACTS['dist/spmi'][0]} start ${inner.id}`
      const [outer] = await capture([
        ['the outer one', { command: mark => `${start} && exec sleep ${mark}`, count: 1 }],
      ])
      // Those that only set it up (sh, env, setsid) end by themselves.
      const sleepers = () => inner.survivors().filter(pid => nameOf(pid) === 'sleep')
      await until(() => sleepers().length === 2, 60_000)
      const innocents = sleepers()
      expect(await pool.spmi('kill', outer?.id ?? '')).toMatchObject({ status: 0 })
      expectNone(
        'innocents hit',
        innocents.filter(pid => !isLiving(pid)),
      )
      expect(await pool.spmi('kill', inner.id)).toMatchObject({ status: 0 })
      expectNone('survivors', await describeAllSurvivors([inner]))
    })

    test('a stop delivers each signal once, to what left the group as well', async () => {
      const stray = (name: string) => `env -i setsid -f ${DETECTOR} ${name}`
      const command = `${DETECTOR} child & setsid ${DETECTOR} session & ${stray('hidden')}; exec ${DETECTOR} leader`
      const wrapper = { command, stop_signal: ['SIGUSR1', 'SIGUSR2', 'SIGTERM'], stop_timeout: 1.5 }
      await pool.load('detector', wrapper, { type: backend })
      expect(await pool.spmi('start', 'detector')).toMatchObject({ status: 0 })
      const output = `${pool.runDirectory('detector')}/stdout`
      const heard = () => (existsSync(output) ? readFileSync(output, 'utf8').split('\n').sort().slice(1) : [])
      const names = ['child', 'hidden', 'leader', 'session']
      const ready = names.map(name => `${name} ready`)
      await until(() => heard().length === ready.length, 60_000)
      expect(await pool.spmi('stop', 'detector')).toMatchObject({ status: 0 })
      const first = ['child USR1', 'leader USR1']
      const second = names.map(name => `${name} USR2`)
      expect(heard()).toEqual([...ready, ...first, ...second].sort())
    })
  })
}

/** The processes that a refusal names for a task. */
function namedIn(stderr: string, id: string): number[] {
  const line = stderr.split('\n').find(text => text.includes(`cannot stop manageable "${id}"`)) ?? ''
  return [...line.matchAll(/(\d+) "/g)].map(([, pid]) => Number(pid))
}

/** A backend whose process manager is the test's own. */
function describeManagedZoo(
  backend: string,
  animals: Readonly<Record<string, Animal>>,
  manager: { readonly environment: NodeJS.ProcessEnv; start(): Promise<void>; stop(): Promise<void> },
  refusal: string | undefined,
): void {
  if (refusal !== undefined) {
    test.skip(`the zoo on ${backend}: ${refusal}`, () => {})
    return
  }
  describe('with a process manager', () => {
    beforeAll(() => manager.start())
    afterAll(() => manager.stop())
    describeZoo(backend, animals, manager.environment)
  })
}

describeZoo('native', ANIMALS)
if (isFull) describeZoo('screen')
if (isFull) describeZoo('tmux')
if (isFull) describeManagedZoo('systemd', SETTLED, new UserManager(), UserManager.refuse())
if (isFull) describeManagedZoo('slurm', SETTLED, new SlurmCluster(), SlurmCluster.refuse())

test('what hops as fast as it can is killed within a second', async () => {
  const pool = new TestPool()
  const times: number[] = []
  const left: unknown[] = []
  const lies: unknown[] = []
  const rounds = extent(3, 10)
  const [name = '', hopper] =
    Object.entries(ANIMALS).find(([animal]) => animal.includes('hops as fast as it can without')) ?? []
  try {
    for (let round = 0; round < rounds; round++) {
      const captive = new Captive(pool, `${name} ${'x'.repeat(round)}`, hopper as Animal)
      expect(await pool.spmi('load', captive.describe('native'))).toMatchObject({ status: 0 })
      const reaper = startBelowReaper(pool, [captive])
      await until(() => captive.isReady() && captive.hops() > 100, 60_000)
      const refused = await pool.spmi('start', captive.id)
      if (!refused.stderr.includes('it is active')) lies.push(refused.stderr)
      const begin = performance.now()
      expect(await pool.spmi('kill', captive.id)).toMatchObject({ status: 0 })
      times.push(performance.now() - begin)
      left.push(...(await captive.describeSurvivors()))
      reaper.kill('SIGKILL')
    }
  } finally {
    await pool.dispose()
  }
  count('rounds', rounds)
  expectNone('survivors', left)
  expectNone('lies', lies)
  const sorted = times.toSorted((a, b) => a - b).map(Math.round)
  const median = sorted[Math.floor(rounds / 2)] ?? 0
  measured(
    'the whole kill of what hops as fast as it can',
    `median ${median} ms, at most ${sorted.at(-1)} ms`,
  )
  expect(median).toBeLessThan(1000)
})
