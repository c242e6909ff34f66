/**
 * Damaged files: every file of a pool, in the place of which stands whatever a disk, an editor or a sync program may leave. A damaged file keeps
 * from being done what rests on it, and nothing else. It stays as it is, and is named with what mends it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Pool } from '../../src/index.ts'
import { ARTIFACTS, type Outcome, runProgram, TestPool, until } from '../support/spmi.ts'
import { measureCost } from './support/cost.ts'
import { CONTENTS, type Damage, Damaged, PLACES } from './support/damages.ts'
import { isFull } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { Witness } from './support/witness.ts'

const isRoot = process.getuid?.() === 0
const DAMAGES = [...CONTENTS, ...PLACES].filter(({ needsRoot }) => isRoot || !needsRoot)

/** Seconds and mebibytes that a list may cost. */
const LIMITS = { time: 1, memory: 200 }

const SPMI = ARTIFACTS['dist/spmi']

/** A pool with a task that runs, one that has ended with 3, and a victim that runs or has ended with 7. */
class Scene {
  readonly pool = new TestPool()
  readonly good = new Witness(this.pool.folder)
  readonly bad = new Witness(this.pool.folder)
  readonly victim: 'running' | 'ended'
  readonly #made = { aside: 0 }

  constructor(victim: 'running' | 'ended') {
    this.victim = victim
  }

  async make(): Promise<void> {
    await this.pool.load('good', { command: this.good.command('echo hello; sleep 1000') })
    await this.pool.load('done', { command: 'exit 3' })
    const script = this.victim === 'running' ? 'echo out; sleep 1000' : 'echo out; exit 7'
    await this.pool.load('bad', { command: this.bad.command(script) })
    expect(await this.pool.spmi('start', 'good', 'done', 'bad')).toMatchObject({ status: 0 })
    await until(() => this.good.begins().length === 1 && this.bad.begins().length === 1)
    await this.pool.spmi('wait', this.victim === 'ended' ? '(bad|done)' : 'done')
    if (this.victim === 'running') await this.pool.spmi('signal', 'WINCH', 'bad') // which leaves an asked.*
  }

  /** Every file of the victim and of the pool, relative to the pool. */
  files(): string[] {
    const run = readdirSync(join(this.pool.path, 'bad/runs/1')).map(name => `bad/runs/1/${name}`)
    const loaded = readdirSync(join(this.pool.path, 'bad')).map(name => `bad/${name}`)
    return [...loaded, 'bad/runs/1', ...run, 'bad', '.spmi', '.spmi/format', '.spmi/plugins']
  }

  damage(file: string, damage: Damage): Damaged {
    const aside = join(this.pool.folder, `aside-${++this.#made.aside}`)
    return new Damaged(join(this.pool.path, file), aside, damage)
  }
}

/** The state that a list shows of an id; undefined where it has no line. */
function stateOf({ stdout }: Outcome, id: string): string | undefined {
  return new RegExp(`^${id} +(\\w+)`, 'm').exec(stdout)?.[1]
}

/** What is no damage that could be seen: a start makes the folder before its run. */
const NOTHING = ['bad/runs, a directory', 'bad/runs, a directory with something in it']

/** In the short form each file meets some damages, all of which come up. */
function damagesFor(index: number): readonly Damage[] {
  return isFull ? DAMAGES : DAMAGES.filter((_, at) => (at + index) % 13 === 0)
}

for (const victim of ['running', 'ended'] as const)
  describe(`a victim that ${victim === 'running' ? 'runs' : 'has ended'}`, () => {
    const scene = new Scene(victim)
    const { pool } = scene
    beforeAll(() => scene.make())
    afterAll(() => pool.dispose())

    test('the others are listed, no state is false, and the damaged file is kept and named', async () => {
      const [lies, torn, unnamed]: string[][] = [[], [], []]
      const most = { time: 0, memory: 0 }
      const whole = await pool.spmi('list')
      for (const [index, file] of scene.files().entries())
        for (const damage of damagesFor(index)) {
          const what = `${file}, ${damage.name}`
          const damaged = scene.damage(file, damage)
          try {
            const { outcome, time, memory } = await measureCost(
              [...SPMI, 'list'],
              pool.folder,
              pool.environment,
            )
            const status = await pool.spmi('status', '.*')
            count('cases')
            most.time = Math.max(most.time, time)
            most.memory = Math.max(most.memory, memory)
            for (const each of [outcome, status]) {
              if (each.stderr.includes('bug')) lies?.push(`${what}: ${each.stderr}`)
              if (each.status !== 0 && each.status !== 1) lies?.push(`${what}: status ${each.status}`)
            }
            if (stateOf(outcome, 'good') !== 'active' || stateOf(outcome, 'done') !== 'inactive')
              lies?.push(`${what}: ${outcome.stdout}${outcome.stderr}`)
            lies?.push(...liesOf(scene, what, outcome, status).map(lie => `${what}: ${lie}`))
            // As long as there is nothing in it, a folder is as good as any other.
            const isSame = NOTHING.includes(what) || (status.status === 0 && outcome.stdout === whole.stdout)
            const isNamed = [...status.stderr.split('\n'), ...outcome.stderr.split('\n')].some(line =>
              isClear(line, pool.path),
            )
            if (!isSame && !isNamed) unnamed?.push(`${what}: ${status.stderr}`)
            if (!damaged.isKept) torn?.push(`${what}: it was not kept`)
          } finally {
            damaged.mend()
          }
        }
      measured(
        `list with a file damaged (${victim})`,
        `${most.time.toFixed(2)} s, ${Math.round(most.memory)} MiB at most`,
      )
      expect(unnamed).toEqual([])
      expectNone('lies', lies ?? [])
      expectNone('torn states', torn ?? [])
      expect(most.memory).toBeLessThan(LIMITS.memory)
      expect(most.time).toBeLessThan(LIMITS.time)
      expect(scene.bad.begins().length).toBe(1)
      expect(await pool.spmi('list')).toMatchObject({ stdout: whole.stdout })
    })
  })

describe('each command, with one manageable damaged', () => {
  /** Commands on all, with the words by which each has served the others. */
  const COMMANDS: readonly (readonly [args: readonly string[], served: RegExp])[] = [
    [['list'], /^good +active/m],
    [['list', '-l'], /^good +active/m],
    [['list', '--json'], /"id": "good"/],
    [['list', '-l', '--json'], /"id": "good"/],
    [['status', '.*'], /^good \(task\)/m],
    [['status', '--json', '.*'], /"id": "good"/],
    [['start', '.*'], /cannot start manageable "good": it is active/],
    [['start', '--dry-run', 'done', 'bad'], /^done \(task\)/m],
    [['logs', '.*'], /^good stdout.*hello|hello/m],
    [['history', '.*'], /^good +1 /m],
    [['history', '--json', '.*'], /"id": "good"/],
    [['show', 'good'], /Descriptor:/],
    [['wait', '--timeout', '0.1', '.*'], /1 of |2 of |0 of /],
    [['prune', '--keep', '9', '.*'], /Removed \d+ runs of/],
    [['signal', 'WINCH', '.*'], /Sent SIGWINCH to \d manageables/],
    [['pause', '.*'], /Paused \d manageables/],
    [['resume', '.*'], /Resumed \d manageables/],
    [['reload', 'good.json'], /Reloaded 1 manageable/],
    [['check', 'good.json'], /./],
    [['doctor'], /pool/],
    [['load', 'new.json'], /Loaded 1 manageable/],
    [['restart', 'new'], /Started 1|Restarted 1/],
    [['run', '--id', 'quick', '--', 'true'], /./],
    [['stop', 'new', 'bad'], /Stopped \d manageables/],
    [['clean', 'new', 'quick'], /Cleaned \d manageables|Removed \d/],
  ]

  test('serves the others, and is at work again when the file is back', async () => {
    const scene = new Scene('ended')
    const { pool } = scene
    try {
      await scene.make()
      pool.write('new.json', JSON.stringify({ task: { id: 'new', wrapper: { command: 'sleep 1000' } } }))
      const wrong: string[] = []
      const files = [
        'bad/manageable.json',
        'bad/runs/1/journal',
        'bad/runs/1/starter',
        'bad/runs',
        '.spmi/format',
      ]
      for (const file of isFull ? files : files.slice(0, 2)) {
        const damaged = scene.damage(
          file,
          DAMAGES.find(({ name }) => name === 'a loop of symlinks') as Damage,
        )
        for (const [args, served] of COMMANDS) {
          const { status, stdout, stderr } = await pool.spmi(...args)
          count('cases')
          // A damaged format may be that of a newer program, so nothing is loaded then.
          const isRefused = file === '.spmi/format' && /load|new|quick|run/.test(args.join(' '))
          const isServed = isRefused || served.test(stdout + stderr)
          if (!isServed || stderr.includes('bug in SPMI') || ![0, 1, 124].includes(status ?? -1))
            wrong.push(`${file}: ${args.join(' ')}: ${status} ${stdout}${stderr}`)
        }
        if (!damaged.isKept) wrong.push(`${file} was not kept`)
        damaged.mend()
      }
      expect(wrong).toEqual([])
      expect(scene.good.begins().length).toBe(1)
    } finally {
      await pool.dispose()
    }
  })
})

describe('a live run', () => {
  const TARGETS = [
    'manageable.json',
    'runs/1/journal',
    'runs/1/starter',
    'runs/1/run.sh',
    'runs/1/env',
    'runs/1/stdout',
  ]

  test('is reached by stop and kill as far as it can be proved, else they say so; it is never started a second time', async () => {
    const pool = new TestPool()
    const [lies, survivors]: [string[], string[]] = [[], []]
    try {
      const targets = isFull ? TARGETS : TARGETS.slice(0, 3)
      const names = isFull ? ['empty', 'a directory', 'other bytes', 'a symlink to nothing'] : ['empty']
      for (const verb of ['stop', 'kill'])
        for (const [index, target] of targets.entries())
          for (const name of names) {
            const id = `${verb}-${index}-${names.indexOf(name)}`
            const witness = new Witness(pool.folder)
            await pool.load(id, { command: witness.command('exec env -i sleep 1000') })
            expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
            await until(() => witness.begins().length === 1)
            const aside = join(pool.folder, `aside-${id}`)
            const damage = DAMAGES.find(each => each.name === name) as Damage
            const damaged = new Damaged(join(pool.path, id, target), aside, damage)
            await pool.spmi('start', id)
            const { status, stderr } = await pool.spmi(verb, id)
            count('cases')
            const left = witness.survivors()
            const what = `${verb}, ${target} ${name}: ${status} ${stderr}`
            if (witness.begins().length !== 1) lies.push(`started twice: ${what}`)
            if (status === 0 && left.length > 0) survivors.push(what)
            if (status !== 0 && !stderr.includes(id)) lies.push(what)
            damaged.mend()
            await pool.spmi('kill', id)
            if (witness.survivors().length > 0) survivors.push(`with its files back: ${what}`)
          }
      expectNone('lies', lies)
      expectNone('survivors', survivors)
    } finally {
      await pool.dispose()
    }
  })

  test('whose journal is cut goes on in it, and what is recorded then is true', async () => {
    const pool = new TestPool()
    const lies: string[] = []
    try {
      const cuts = isFull
        ? [0, 1, 8, 40, 100, 150, 200, 210, 220, 230, 240, 250, 300, 1000, 4000]
        : [0, 40, 230]
      const release = join(pool.folder, 'release')
      for (const cut of cuts)
        await pool.load(`cut-${cut}`, { command: `until [ -e '${release}' ]; do sleep 0.05; done; exit 5` })
      await pool.spmi('start', '.*')
      for (const cut of cuts) truncateSync(join(pool.runDirectory(`cut-${cut}`), 'journal'), cut)
      const during = await pool.spmi('list')
      for (const cut of cuts)
        if (stateOf(during, `cut-${cut}`) !== 'active') lies.push(`cut at ${cut}: ${during.stdout}`)
      writeFileSync(release, '')
      await pool.spmi('wait', '--timeout', '20', '.*')
      for (const cut of cuts) {
        const { stdout, stderr } = await pool.spmi('status', `cut-${cut}`)
        count('cases')
        if (!/Exit code: 5$|inactive \(lost/m.test(stdout)) lies.push(`cut at ${cut}: ${stdout}${stderr}`)
      }
      expectNone('lies', lies)
    } finally {
      await pool.dispose()
    }
  })
})

describe('what a message says to do', () => {
  let moved = 0

  /** Does it, and gives what list says then. */
  async function mend(scene: Scene, file: string, words: string): Promise<Outcome> {
    const { pool } = scene
    const path = join(pool.path, file)
    if (words.includes('move it away')) renameSync(path, join(pool.folder, `moved-${++moved}`))
    if (words.includes('"spmi reload" with its descriptor mends it'))
      expect(await pool.spmi('reload', 'bad.json')).toMatchObject({ status: 0 })
    if (words.includes('"spmi start" begins a new run'))
      expect(await pool.spmi('start', 'bad')).toMatchObject({ status: 0 })
    if (words.includes('the next load writes it anew')) {
      const path = pool.write(
        'more.json',
        JSON.stringify({ task: { id: `more-${moved}`, wrapper: { command: 'true' } } }),
      )
      expect(await pool.spmi('load', path)).toMatchObject({ status: 0 })
    }
    return pool.spmi('status', '.*')
  }

  test.each(isFull ? [0, 1, 2] : [0])('mends it (%p)', async offset => {
    const scene = new Scene('ended')
    const { pool } = scene
    try {
      await scene.make()
      const loaded = ['bad/manageable.json', 'bad/descriptor.json', 'bad/loaded', '.spmi/format']
      const files = [...loaded, 'bad/runs/1/starter', 'bad/runs/1/stdout', 'bad/runs/2/journal', 'bad/runs']
      const damages = DAMAGES.filter(({ name }) =>
        ['empty', 'a directory', 'a loop of symlinks'].includes(name),
      )
      for (const [index, file] of files.entries()) {
        // An empty folder for the runs is none that is damaged.
        const damage = (file === 'bad/runs' ? damages.at(-offset) : damages[(index + offset) % 3]) as Damage
        const what = `${file}, ${damage.name}`
        if (NOTHING.includes(what)) continue
        if (file === 'bad/runs/2/journal') {
          await pool.spmi('start', 'bad')
          await pool.spmi('wait', 'bad')
        }
        scene.damage(file, damage) // and never put back
        const commands = [
          ['status', '.*'],
          ['show', 'bad'],
          ['edit', 'bad'],
          ['history', 'bad'],
        ]
        let words = ''
        for (const args of commands) {
          const { stderr } = await pool.spmiWith({ environment: { EDITOR: 'true' } }, ...args)
          words = stderr.split('\n').find(line => line.includes('damaged') && isClear(line, pool.path)) ?? ''
          if (words !== '') break
        }
        count('cases')
        const { status, stderr } = await mend(scene, file, words)
        expect([what, status, stderr, words]).toEqual([
          what,
          0,
          expect.not.stringContaining('damaged'),
          words,
        ])
      }
    } finally {
      await pool.dispose()
    }
  })
})

describe('files that cannot be read', () => {
  test.skipIf(!isRoot)('are named with what mends it, and the others are served', async () => {
    const pool = new TestPool()
    const asNobody = (...args: readonly string[]) =>
      runProgram(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...SPMI, ...args], {
        environment: pool.environment,
        cwd: '/',
      })
    try {
      for (const id of ['bad', 'good']) await pool.load(id, { command: 'exit 7', cwd: '/' })
      chownAll(pool.folder)
      expect(await asNobody('start', '.*')).toMatchObject({ status: 0 })
      await until(async () => (await asNobody('wait', '.*')).status === 7)
      for (const file of ['manageable.json', 'runs', 'runs/1', 'runs/1/journal', 'runs/1/stdout']) {
        const path = join(pool.path, 'bad', file)
        const { mode } = statSync(path)
        chmodSync(path, 0)
        const { status, stdout, stderr } = await asNobody('status', '.*')
        count('cases')
        expect([file, status, stdout]).toEqual([file, 1, expect.stringMatching(/^good \(task\)/m)])
        expect(stderr).toContain('it cannot be read (EACCES); chmod u+rwX lets it be read')
        expect(stdout).not.toMatch(/Active: active/)
        chmodSync(path, mode)
      }
      expect(await asNobody('status', '.*')).toMatchObject({ status: 0 })
    } finally {
      await pool.dispose()
    }
  })
})

describe('a cut at each byte', () => {
  test('of a record, a starter and a journal: no false state, nothing thrown', async () => {
    const lies: string[] = []
    for (const victim of ['running', 'ended'] as const) {
      const scene = new Scene(victim)
      try {
        await scene.make()
        for (const name of ['manageable.json', 'runs/1/starter', 'runs/1/journal']) {
          const path = join(scene.pool.path, 'bad', name)
          const whole = readFileSync(path)
          const aside = join(scene.pool.folder, 'aside')
          renameSync(path, aside)
          // Behind its records a journal is padding, where a cut takes nothing away.
          const end = Math.min(whole.length, 700)
          for (let length = 0; length < end; length += isFull ? 1 : 37) {
            writeFileSync(path, whole.subarray(0, length))
            utimesSync(path, 1e9, 1e9)
            const pool = await Pool.open({ path: scene.pool.path })
            const { inspected } = await pool.inspect([])
            count('cases')
            const found = inspected.find(({ manageable }) => manageable.id === 'bad')
            const state = found?.status.state ?? 'damaged'
            const right = victim === 'running' ? 'active' : 'inactive'
            if (![right, 'unknown', 'damaged'].includes(state))
              lies.push(`${victim}, ${name} cut at ${length}: ${state}`)
            const code = found?.facts.exitCode
            if (code !== undefined && code !== 7)
              lies.push(`${victim}, ${name} cut at ${length}: exit code ${code}`)
            if (inspected.length < 2) lies.push(`${name} cut at ${length}: ${inspected.length} are listed`)
          }
          renameSync(aside, path)
        }
      } finally {
        await scene.pool.dispose()
      }
    }
    expectNone('lies', lies)
  })
})

describe('1,000 tasks', () => {
  test('with one damaged are listed within twice their time', async () => {
    const pool = new TestPool()
    try {
      const tasks = Array.from({ length: 1000 }, (_, index) => ({
        id: `task-${index}`,
        wrapper: { command: 'true' },
      }))
      const files = tasks.map(task => pool.write(`${task.id}.json`, JSON.stringify({ task })))
      expect(await pool.spmi('load', ...files)).toMatchObject({ status: 0 })
      const record = join(pool.path, 'task-500/manageable.json')
      const whole = readFileSync(record)
      const times: Record<'whole' | 'damaged', number[]> = { whole: [], damaged: [] }
      for (let round = 0; round < (isFull ? 41 : 11); round++)
        for (const kind of ['whole', 'damaged'] as const) {
          writeFileSync(record, kind === 'whole' ? whole : whole.subarray(0, 20))
          const begin = performance.now()
          const { status } = await pool.spmi('list')
          times[kind].push(performance.now() - begin)
          expect(status).toBe(kind === 'whole' ? 0 : 1)
        }
      const [normal, damaged] = [median(times.whole), median(times.damaged)]
      measured(
        'list of 1,000 tasks, and with one damaged',
        `${normal.toFixed(1)} ms, ${damaged.toFixed(1)} ms`,
      )
      expect(damaged).toBeLessThan(2 * normal)
    } finally {
      await pool.dispose()
    }
  })
})

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Gives a folder and all that it holds to nobody. */
function chownAll(path: string): void {
  chownSync(path, 65534, 65534)
  for (const name of readdirSync(path, { recursive: true })) chownSync(join(path, String(name)), 65534, 65534)
}

/** One line that names what is damaged and what to do. */
function isClear(line: string, pool: string): boolean {
  return (
    line.includes(`"${pool}`) &&
    /(mends it|move it away|begins a new run|lets it be read|writes it anew|is left alone)/.test(line)
  )
}

/** What list and status say of the victim that is not so. */
function liesOf({ victim }: Scene, what: string, list: Outcome, status: Outcome): string[] {
  const state = NOTHING.includes(what) ? undefined : stateOf(list, 'bad')
  const right = victim === 'running' ? 'active' : 'inactive'
  const lies = [right, 'unknown', undefined].includes(state) ? [] : [`it is said to be ${state}`]
  const block = status.stdout.split('\n\n').find(text => text.startsWith('bad (task)')) ?? ''
  const exit = /Exit code: (.*)/.exec(block)?.[1]
  if (exit !== undefined && (victim === 'running' || exit !== '7'))
    lies.push(`its exit code is said to be ${exit}`)
  return lies
}
