/**
 * A cut of power at each write. Nobody can cut the power of a test, so all that a command does to its files is recorded, and after each
 * step the trees are made that a file system may show after a cut there (power-cut.ts). On each of them SPMI must find the old state
 * or the new one, and whatever somebody knew before the cut must still be true. Where a test may mount, the same is done on a
 * real ext4 whose power is really cut.
 */
import { afterAll, afterEach, beforeAll, describe, expect } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { history } from '../../src/verbs/history.ts'
import { list } from '../../src/verbs/list.ts'
import { openCatalog } from '../../src/verbs/open.ts'
import { ARTIFACTS, TestPool, until } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'
import { CutDisk, refuseDisk } from './support/cut-disk.ts'
import { extent } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { type Content, Disk, type Tree } from './support/power-cut.ts'
import { Random, seed } from './support/random.ts'
import { recordWrites, type Step } from './support/recorded-writes.ts'
import { Witness } from './support/witness.ts'

/** How many trees are drawn by chance after each step, besides those that are always made. */
const DRAWS = extent(4, 40)

/** What somebody knew at the moment of the cut. */
interface Known {
  /** The command of the task has run: it has told its witness. */
  readonly hasRun: boolean
  /** The command of SPMI has ended well. */
  readonly isDone: boolean
  /** All processes have ended, the wrapper too. */
  readonly isOver: boolean
}

/** What SPMI says of a task after the cut. */
interface Seen {
  readonly state: string
  readonly command: string
  readonly descriptor: string | undefined
  /** Of each run: its number, and how it has ended. */
  readonly runs: readonly string[]
}

interface Scenario {
  readonly argv: readonly string[]
  /** What is wrong with what is seen of the tasks; undefined where it is true. */
  readonly judge: (seen: ReadonlyMap<string, Seen>, known: Known) => string | undefined
}

const withStrace = needs('strace', Bun.which('strace') !== null)

const withDisk = needs('mounting a file', refuseDisk() === undefined, 'privilege')

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)

let pool: TestPool
let witness: Witness
let scratch: string

beforeAll(() => {
  const memory = '/dev/shm'
  scratch = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'spmi-trees-'))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
afterEach(() => pool?.dispose())

/** The descriptor of a task; `exit 7` is what its command does. */
function describeTask(id: string, comment: string, more: object = {}): string {
  const command = witness.command('sleep 1.1; exit 7') // the end of a shorter run is not synced
  return JSON.stringify({ task: { id, comment, backend: { type: 'native' }, wrapper: { command }, ...more } })
}

async function setUp(...commands: readonly (readonly string[])[]): Promise<void> {
  pool = new TestPool()
  witness = new Witness(pool.folder)
  pool.write('a.json', describeTask('a', 'old', { keep_runs: 1 }))
  pool.write('b.json', describeTask('b', 'old'))
  pool.write('new.json', describeTask('a', 'new'))
  const endless = { id: 'a', backend: { type: 'native' }, wrapper: { command: 'sleep 600' }, keep_runs: 1 }
  pool.write('endless.json', JSON.stringify({ task: endless }))
  for (const argv of commands) {
    const { status, stderr } = await pool.spmi(...argv)
    if (status !== 0 && argv[0] !== 'wait') throw new Error(stderr)
  }
}

/** Everything below a directory. */
function readTree(path: string): Map<string, Content> {
  const tree = new Map<string, Content>()
  const add = (at: string) => {
    const stats = lstatSync(at)
    if (stats.isDirectory()) {
      tree.set(at, 'folder')
      for (const name of readdirSync(at)) add(join(at, name))
    } else tree.set(at, stats.isFIFO() ? 'fifo' : readFileSync(at))
  }
  if (existsSync(path)) add(path)
  return tree
}

/** A character for each byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** Writes the pool of a tree, as it is found on the next boot. @returns its path */
function writeTree(tree: Tree): string {
  const next = (text: string) => text.replaceAll(BOOT, 'ffffffff')
  const root = mkdtempSync(join(scratch, 'tree-'))
  for (const [path, content] of tree) {
    if (!path.startsWith(pool.path)) continue
    const target = next(join(root, path.slice(pool.folder.length)))
    if (content === 'folder') mkdirSync(target, { mode: 0o700 })
    else if (content !== 'fifo') writeFileSync(target, Buffer.from(next(textOf(content)), 'latin1'))
  }
  return join(root, 'pool')
}

/** What SPMI says of a pool. @throws what it must not: nothing is damaged by a cut */
async function look(path: string): Promise<Map<string, Seen>> {
  const catalog = openCatalog({ path, environment: {} })
  const listing = await list(catalog)
  if (listing.damaged.length > 0) throw listing.damaged[0]
  if (listing.foreign.length > 0) throw new Error(`something else is in the pool: ${listing.foreign}`)
  const { histories } = await history(catalog, ['.*'])
  return new Map(
    listing.shown.map(({ manageable, status }) => {
      const runs = histories.find(each => each.manageable.id === manageable.id)?.runs ?? []
      if (catalog.context.store.readLoadTime(manageable.id) === undefined)
        throw new Error('when it was loaded is lost')
      return [
        manageable.id,
        {
          state: `${status.state}${'run' in status && status.run ? '' : ', never started'}`,
          command: manageable.comment,
          descriptor: catalog.context.store.readDescriptor(manageable.id)?.text,
          runs: runs.map(({ number, exit, words }) => `${number}: ${exit ?? words}`),
        },
      ]
    }),
  )
}

/** A folder that got its name whole has all that it had then. @returns what is missing */
function findTorn(tree: Tree, whole: ReadonlyMap<string, Content>): string | undefined {
  for (const [path, content] of whole) {
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (!tree.has(folder) || folder.includes('/.gone-')) continue
    const found = tree.get(path)
    if (typeof content === 'string' || typeof found === 'string' || found === undefined)
      return `${path} is not there`
    if (!Buffer.from(content).equals(found)) return `${path} is not whole`
  }
  return undefined
}

/** What a start writes for each run before it has its number. */
const RUN_FILES = /\/runs\/\d+\/(run\.sh|env|starter)$/

/** What is found after a cut at each step. */
class Findings {
  readonly torn: string[] = []
  readonly lies: string[] = []
  readonly #seen = new Set<string>()

  get trees(): number {
    return this.#seen.size
  }

  /** Whether a tree has not been looked at yet by somebody who knew this. */
  isNew(tree: Tree, known: Known): boolean {
    const texts = [...tree].map(([path, content]) => [
      path,
      typeof content === 'string' ? content : textOf(content),
    ])
    const key = String(Bun.hash(JSON.stringify([known, texts])))
    return !this.#seen.has(key) && this.#seen.add(key) !== undefined
  }

  async look(
    tree: Tree,
    whole: Tree,
    judge: (seen: ReadonlyMap<string, Seen>) => string | undefined,
    where: string,
  ) {
    const path = writeTree(tree)
    try {
      const torn = findTorn(tree, whole)
      if (torn !== undefined) this.torn.push(`${where}: ${torn}`)
      const lie = judge(await look(path))
      if (lie !== undefined) this.lies.push(`${where}: ${lie}`)
    } catch (error) {
      this.torn.push(`${where}: ${(error as Error).message}`)
    } finally {
      rmSync(dirname(path), { recursive: true, force: true })
    }
  }
}

/** Cuts after each step, in all ways. */
async function cutAtEachStep(base: Tree, steps: readonly Step[], { judge }: Scenario): Promise<Findings> {
  const random = new Random(11)
  const disk = new Disk(base)
  const whole = new Map([...base].filter(([path]) => RUN_FILES.test(path)))
  const findings = new Findings()
  let known: Known = { hasRun: false, isDone: false, isOver: false }
  for (const [index, step] of [...steps, undefined].entries()) {
    if (step === undefined) known = { ...known, isOver: true }
    else if (step.kind === 'end') known = { ...known, isDone: step.status === 0 }
    else if (step.path === witness.path) known = { ...known, hasRun: known.hasRun || step.kind === 'open' }
    else if (!disk.apply(step)) continue
    const trees = disk.cut(random, DRAWS)
    for (const [path, content] of trees[0] ?? [])
      if (RUN_FILES.test(path) && !whole.has(path)) whole.set(path, content)
    const where = `seed ${seed}, step ${index} ${JSON.stringify({ ...step, bytes: undefined })}`
    for (const tree of trees)
      if (findings.isNew(tree, known)) await findings.look(tree, whole, seen => judge(seen, known), where)
  }
  return findings
}

const NEVER = 'inactive, never started'

const scenarios: Record<string, { before: readonly (readonly string[])[] } & Scenario> = {
  'load: what was said to be loaded is, whole': {
    before: [],
    argv: ['load', 'a.json', 'b.json'],
    judge: (seen, { isDone }) => {
      if (isDone && seen.size < 2) return 'what was loaded is not there'
      for (const [id, { state, descriptor }] of seen)
        if (state !== NEVER || descriptor !== describeTask(id, 'old', id === 'a' ? { keep_runs: 1 } : {}))
          return `${id} is ${state}, with ${descriptor}`
      return undefined
    },
  },
  'the first start: a command that has run is known, and how it ended once its wrapper has ended': {
    before: [['load', 'a.json']],
    argv: ['start', 'a'],
    judge: (seen, { hasRun, isDone, isOver }) => {
      const { state, runs = [] } = seen.get('a') ?? {}
      if (state === NEVER) return hasRun || isDone || runs.length > 0 ? 'its run is not known' : undefined
      return isOver || runs[0] !== '1: lost'
        ? expectRuns(state, runs, '1: 7')
        : expectRuns(state, runs, '1: lost')
    },
  },
  'a later start: so is its run, the end of the one before is, until it is removed by keep_runs': {
    before: [
      ['load', 'a.json'],
      ['start', 'a'],
      ['wait', 'a'],
    ],
    argv: ['start', 'a'],
    judge: (seen, { hasRun, isDone, isOver }) => {
      const { state, runs = [] } = seen.get('a') ?? {}
      const last = runs.at(-1)
      if (last === '1: 7') return hasRun || isDone ? 'its run is not known' : expectRuns(state, runs, '1: 7')
      if (runs.length > 1 && runs[0] !== '1: 7') return `the end of its first run is not known: ${runs}`
      return isOver || last !== '2: lost' ? expectRuns(state, runs.slice(-1), '2: 7') : undefined
    },
  },
  'reload: the old descriptor or the new one, and the new one when it was said': {
    before: [
      ['load', 'a.json'],
      ['start', 'a'],
      ['wait', 'a'],
    ],
    argv: ['reload', 'new.json'],
    judge: (seen, { isDone }) => {
      const { state, runs = [], command, descriptor = '' } = seen.get('a') ?? {}
      if (command !== 'new' && (isDone || command !== 'old')) return `its record is that of "${command}"`
      if (isDone ? descriptor !== describeTask('a', 'new') : !descriptor.includes(`"id":"a"`))
        return 'its descriptor is not that'
      return expectRuns(state, runs, '1: 7')
    },
  },
  'stop: a run that is asked to end is lost with the power, and nothing that explains it is in the way': {
    before: [
      ['load', 'a.json'],
      ['start', 'a'],
      ['wait', 'a'],
      ['reload', 'endless.json'],
      ['start', 'a'],
    ],
    argv: ['stop', 'a'],
    judge: seen => expectRuns(seen.get('a')?.state, seen.get('a')?.runs ?? [], '2: lost'),
  },
  'clean: there with its runs, or gone; gone when it was said': {
    before: [
      ['load', 'a.json', 'b.json'],
      ['start', 'a'],
      ['wait', 'a'],
    ],
    argv: ['clean', '.*'],
    judge: (seen, { isDone }) => {
      if (isDone) return seen.size > 0 ? 'what was removed is there' : undefined
      const a = seen.get('a')
      return a && expectRuns(a.state, a.runs, '1: 7')
    },
  },
}

function expectRuns(
  state: string | undefined,
  runs: readonly string[],
  expected: string,
): string | undefined {
  return state === 'inactive' && runs.join() === expected
    ? undefined
    : `it is ${state}, with the runs ${runs.join() || 'none'}`
}

describe('after a cut of power at any write', () => {
  for (const [name, { before, ...scenario }] of Object.entries(scenarios))
    withStrace(name, async () => {
      await setUp(...before)
      const base = new Map<string, Content>(parentsOf(pool.folder).map(path => [path, 'folder']))
      for (const [path, content] of readTree(pool.path)) base.set(path, content)
      const [verb = '', ...operands] = scenario.argv
      const argv = [
        ...ARTIFACTS['dist/spmi'],
        verb,
        ...operands.map(word => (word.endsWith('.json') ? join(pool.folder, word) : word)),
      ]
      const isOurs = (path: string) =>
        path === witness.path || path === pool.folder || `${path}/`.startsWith(`${pool.path}/`)
      const steps = await recordWrites(argv, pool.environment, isOurs)
      expect(steps.filter(step => step.kind === 'end')).toEqual([{ kind: 'end', status: 0 }])
      const { torn, lies, trees } = await cutAtEachStep(base, steps, scenario)
      expectNone('torn states', torn)
      expectNone('lies', lies)
      count('cases', trees)
      measured(
        `syncs of ${name.slice(0, name.indexOf(':'))}`,
        String(steps.filter(({ kind }) => kind === 'sync').length),
      )
      // Without the syncs, the same looks must find something; a stop has none, because nothing rests on its notes.
      const unsynced = steps.filter(({ kind }) => kind !== 'sync')
      const control = await cutAtEachStep(base, unsynced, scenario)
      if (unsynced.length < steps.length) expect([...control.torn, ...control.lies]).not.toEqual([])
    })
})

describe('on an ext4 whose power is cut', () => {
  withDisk(
    'what was said to be done is done, and without syncs the same cuts take it back',
    async () => {
      await setUp()
      const disk = await CutDisk.make()
      const write = (name: string) => join(pool.folder, name)
      try {
        await disk.spmi('load', write('a.json'), write('b.json'))
        expect(await disk.cutAndList()).toEqual({ a: ['old'], b: ['old'] })
        await disk.spmi('start', 'a')
        await until(() => witness.ends().length === 1)
        await until(() => disk.findProcesses().length === 0)
        expect(await disk.cutAndList()).toEqual({ a: ['old', '1: 7'], b: ['old'] })
        await disk.spmi('start', 'b')
        await disk.spmi('reload', write('endless.json'))
        await disk.spmi('start', 'a')
        expect(await disk.cutAndList()).toEqual({
          a: ['', '2: lost'],
          b: ['old', expect.stringMatching(/^1: (7|lost)$/)],
        })
        await disk.spmi('reload', write('new.json'))
        expect(await disk.cutAndList()).toMatchObject({ a: ['new', '2: lost'] })
        await disk.spmi('clean', 'b')
        expect(await disk.cutAndList()).toEqual({ a: ['new', '2: lost'] })
        count('cases', 5)
        await disk.spmiUnsynced('load', write('b.json'))
        const unsynced = await disk.cutAndList().catch(() => ({}))
        expect(unsynced).not.toHaveProperty('b', ['old'])
      } finally {
        await disk.dispose()
      }
    },
    60_000,
  )
})

function parentsOf(path: string): string[] {
  const names = path.split('/').slice(1)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
