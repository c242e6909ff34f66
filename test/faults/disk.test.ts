/**
 * A full disk, really: small file systems of the test's own, filled by the commands themselves. What runs there ends in its own way and
 * how is known; what is there can be looked at, ended and removed; and what finds no room says so and leaves nothing.
 */
import { afterEach, beforeEach, describe, expect } from 'bun:test'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Outcome, until } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'
import { count, expectNone } from './support/figures.ts'
import { OwnMounts, refuseMounts } from './support/own-mounts.ts'
import { findMarked } from './support/witness.ts'

const withMounts = needs('mounting', refuseMounts() === undefined, 'privilege')

/** The wrappers, and what fills the disk of each: the output of a terminal is written by script(1). */
const WRAPPERS = ['default', 'terminal'] as const

let mounts: OwnMounts
let pool: string

beforeEach(async () => {
  mounts = await OwnMounts.make()
  pool = join(mounts.folder, 'pool')
})
afterEach(async () => {
  await spmi('kill', '.*')
  for (const pid of findMarked(mounts.folder)) process.kill(pid, 'SIGKILL')
  await until(() => findMarked(mounts.folder).length === 0)
  mounts.dispose()
})

/** Mounts a small file system in the place of the pool's folder. @param options of tmpfs */
async function mountSmall(options: string): Promise<void> {
  await mounts.sh(`mount -t tmpfs -o ${options},mode=700 none . && cd "$PWD" && mkdir -m 700 pool`)
}

function spmi(...args: readonly string[]): Promise<Outcome> {
  return mounts.spmi(pool, ...args)
}

/** Runs a command that must do what it is told. */
async function succeed(...args: readonly string[]): Promise<Outcome> {
  const outcome = await spmi(...args)
  if (outcome.status !== 0) throw new Error(`${args.join(' ')}: ${outcome.stderr}`)
  return outcome
}

/** Writes a descriptor beside the small file system, and loads it. */
async function load(id: string, command: string, wrapper = 'default'): Promise<void> {
  await succeed('load', write(id, command, wrapper))
}

function write(id: string, command: string, type = 'default'): string {
  const path = join('/tmp', `${mounts.folder.split('/').at(-1)}-${id}.json`)
  const table = { type, command, stop_timeout: 20 }
  writeFileSync(path, JSON.stringify({ task: { id, backend: { type: 'native' }, wrapper: table } }))
  written.push(path)
  return path
}
const written: string[] = []
afterEach(() => {
  for (const path of written.splice(0)) rmSync(path, { force: true })
})

interface Row {
  readonly id: string
  readonly state: string
  readonly exit_code?: number | null
}

async function list(): Promise<Map<string, Row>> {
  const { stdout } = await succeed('list', '--json')
  return new Map((JSON.parse(stdout).manageables as Row[]).map(row => [row.id, row]))
}

/** Fills what is left, to the last byte. */
async function fill(): Promise<void> {
  await mounts.sh('cat /dev/zero >pool/.fill 2>/dev/null; true')
}

/** Fills what is left of inodes. */
async function useUp(): Promise<void> {
  await mounts.sh(
    'i=0; mkdir pool/.fill; while touch "pool/.fill/$i"; do i=$((i + 1)); done 2>/dev/null; true',
  )
}

/** All paths of the pool but the runs' own growing files. */
function paths(): string[] {
  return (readdirSync(mounts.outside(pool), { recursive: true }) as string[])
    .filter(path => !path.startsWith('.fill'))
    .sort()
}

/** What a refused command must be: a status of failure, one line that says why, and nothing left. */
function explainRefusal({ status, stderr }: Outcome): string | undefined {
  if (status !== 1) return `its status is ${status}`
  if (/bug in SPMI/.test(stderr) || !/ENOSPC|no space left|cannot be (made|written)/i.test(stderr))
    return `it says ${stderr}`
  return undefined
}

/** What a command that can find no room is told to do, by its verb. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  load: ['load', 'NEW'],
  start: ['start', 'idle'],
  reload: ['reload', 'IDLE'],
  run: ['run', '-d', '--id', 'run', 'true'],
}

describe('a disk that its own tasks have filled', () => {
  for (const wrapper of WRAPPERS)
    withMounts(
      `how a ${wrapper} task ended that filled it is known, and cleaning it makes room again`,
      async () => {
        await mountSmall('size=1m')
        await load('flood', 'head -c 3000000 /dev/zero; exit 5', wrapper)
        await load('idle', 'true')
        await succeed('start', 'flood')
        await until(async () => (await list()).get('flood')?.state === 'inactive')
        const lies =
          (await list()).get('flood')?.exit_code === 5 ? [] : [JSON.stringify((await list()).get('flood'))]
        expectNone('lies', lies)
        expect((await mounts.sh('df --output=avail . | tail -n 1')).trim()).toBe('0')
        expect(explainRefusal(await spmi('start', 'idle'))).toBeUndefined()
        await succeed('clean', 'flood')
        await succeed('start', 'idle')
        count('cases')
      },
    )
})

const EXHAUSTED = [
  { what: 'has no room', options: 'size=1m', exhaust: fill },
  { what: 'has no inodes', options: 'size=4m,nr_inodes=150', exhaust: useUp },
]

describe('a disk that others have filled', () => {
  for (const { what, options, exhaust } of EXHAUSTED) {
    withMounts(
      `where it ${what}, everything that runs can be looked at and ended, and how it ended is known`,
      async () => {
        await mountSmall(options)
        const ids = WRAPPERS.flatMap(wrapper =>
          ['stop', 'kill', 'signal', 'natural'].map(how => `${wrapper}-${how}`),
        )
        const go = `${mounts.folder}-go`
        written.push(go)
        for (const id of ids)
          await load(
            id,
            id.endsWith('natural') ? `until [ -e '${go}' ]; do sleep 0.05; done; exit 9` : 'sleep 600',
            id.split('-')[0],
          )
        await succeed('start', '.*')
        await exhaust()
        expect([...(await list()).values()].map(({ state }) => state)).toEqual(ids.map(() => 'active'))
        await succeed('status', '.*')
        expect(explainRefusal(await spmi('pause', '.*-stop'))).toBeUndefined()
        await succeed('resume', '.*-stop')
        await succeed('signal', 'KILL', '.*-signal')
        await succeed('stop', '.*-stop')
        await succeed('kill', '.*-kill')
        writeFileSync(go, '')
        await until(
          async () => [...(await list()).values()].every(({ state }) => state === 'inactive'),
          20_000,
        )
        const expected = { stop: [130, 143], kill: [137], signal: [137], natural: [9] } as const
        const lies = [...(await list()).values()].filter(
          ({ id, exit_code: code }) =>
            !(expected[id.split('-')[1] as keyof typeof expected] as readonly unknown[]).includes(code),
        )
        expectNone('lies', lies)
        count('cases', ids.length)
      },
    )

    withMounts(
      `where it ${what}, what finds no room says so and leaves nothing, and clean makes room`,
      async () => {
        await mountSmall(options)
        await load('idle', 'true')
        await load('ended', 'exit 3')
        await load('unstarted', 'true')
        await succeed('start', 'ended')
        await until(async () => (await list()).get('ended')?.state === 'inactive')
        await exhaust()
        const before = paths()
        const files = { NEW: write('new', 'true'), IDLE: write('idle', 'false') }
        const wrong: string[] = []
        for (const [verb, argv] of Object.entries(REFUSED)) {
          const outcome = await spmi(...argv.map(word => files[word as keyof typeof files] ?? word))
          const reason = explainRefusal(outcome)
          if (reason !== undefined) wrong.push(`${verb}: ${reason}`)
          const left = paths().filter(path => !before.includes(path) && path !== 'idle/runs')
          if (left.length > 0) wrong.push(`${verb} leaves ${left}`)
          count('cases')
        }
        const drafted = await mounts.spmiIn(pool, pool, 'new', 'draft')
        if (explainRefusal(drafted) !== undefined || paths().includes('draft.toml'))
          wrong.push(`new: ${drafted.stderr}`)
        expectNone('torn states', wrong)
        expect((await list()).get('ended')?.exit_code).toBe(3)
        await succeed('clean', '.*')
        expect([...(await list()).keys()]).toEqual([])
        expect(paths().filter(path => !path.startsWith('.spmi'))).toEqual([])
      },
    )
  }
})

describe('a pool that has become read-only for who works on it', () => {
  withMounts('what runs can be looked at and ended, and nothing else is done', async () => {
    await mountSmall('size=4m')
    for (const id of ['stop', 'kill', 'idle']) await load(id, 'sleep 600')
    await succeed('start', 'stop|kill')
    const before = paths()
    const readOnly = (...args: readonly string[]) =>
      mounts.run(
        [
          'unshare',
          '-m',
          'sh',
          '-c',
          'mount -o remount,bind,ro "$0" && exec "$@"',
          mounts.folder,
          ...ARTIFACTS['dist/spmi'],
          ...args,
        ],
        { SPMI_PATH: pool },
      )
    const wrong: string[] = []
    for (const argv of [
      ['start', 'idle'],
      ['clean', 'idle'],
      ['load', write('new', 'true')],
      ['reload', write('idle', 'false')],
      ['pause', 'stop'],
    ]) {
      const { status, stderr } = await readOnly(...argv)
      if (status !== 1 || !/EROFS/.test(stderr)) wrong.push(`${argv[0]}: ${status} ${stderr}`)
    }
    expectNone('torn states', [...wrong, ...paths().filter(path => !before.includes(path))])
    expect((await readOnly('list')).status).toBe(0)
    expect([(await readOnly('stop', 'stop')).status, (await readOnly('kill', 'kill')).status]).toEqual([0, 0])
    const rows = [...(await list()).values()].filter(({ id }) => id !== 'idle')
    expectNone(
      'lies',
      rows.filter(
        ({ id, state, exit_code: code }) =>
          state !== 'inactive' || (id === 'kill' ? code !== 137 : code !== 130),
      ),
    )
    count('cases', 8)
  })
})

describe('a limit of the size of files', () => {
  for (const wrapper of WRAPPERS)
    withMounts(`a ${wrapper} task that writes more than it may ends, and how is known`, async () => {
      await mountSmall('size=8m')
      await load('flood', 'head -c 3000000 /dev/zero; exit 5', wrapper)
      const { status, stderr } = await limited(64, 'start', 'flood')
      expect([status, stderr]).toEqual([0, expect.stringContaining('Started')])
      await until(async () => (await list()).get('flood')?.state === 'inactive')
      const flood = (await list()).get('flood')
      expectNone('lies', flood?.exit_code === 5 ? [] : [flood])
      expect(Number(await mounts.sh('stat -c %s pool/flood/runs/1/stdout'))).toBeLessThanOrEqual(64 * 512)
      count('cases')
    })

  withMounts('where it is too small for the files of a run, none is started', async () => {
    await mountSmall('size=8m')
    await load('idle', 'true')
    const { status, stderr } = await limited(1, 'start', 'idle')
    expect([status, stderr]).toEqual([1, expect.stringContaining('EFBIG')])
    expect((await list()).get('idle')).not.toHaveProperty('run')
    expect(readdirSync(mounts.outside(`${pool}/idle/runs`))).toEqual([])
    count('cases')
  })
})

/** Runs a command whose files, and those of what it starts, may not become larger. @param blocks of 512 bytes */
function limited(blocks: number, ...args: readonly string[]): Promise<Outcome> {
  const script = `ulimit -f ${blocks} && exec "$@"`
  return mounts.run(['/bin/sh', '-c', script, 'sh', ...ARTIFACTS['dist/spmi'], ...args], { SPMI_PATH: pool })
}
