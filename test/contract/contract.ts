/**
 * What every backend promises, shown against the real process manager. A backend that cannot keep a promise says so in
 * its test file, with the reason.
 */
import { afterAll, beforeAll, test as bunTest, describe, expect } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findByArgument, isLiving, sessionOf } from '../support/processes.ts'
import { ARTIFACTS, type Artifact, runProgram, TestPool, until } from '../support/spmi.ts'
import { describeSignalling } from './signalling.ts'
import { ZOO } from './zoo.ts'

const IDS = [
  'a',
  'ab',
  'a.b',
  'a:b',
  "it's",
  'with space',
  '$(touch x)',
  '$HOME',
  '${HOME}',
  '%n%%',
  '`touch x`',
  '日本 🎉',
  'a"b\\c',
  'x'.repeat(200),
  '%s%n',
  '{}[]*?',
  'ü',
  '~',
  'a;b&c|d',
]

let marks = 0

/** An argument of `sleep` that no other process has: thousands of seconds with a tail that tells them apart. */
export function newMark(): string {
  return `3000.${process.pid}${String(++marks).padStart(4, '0')}`
}

/** Promises that a backend cannot keep, by their names, each with the reason. */
export type Skips = Readonly<Record<string, string>>

/** The promises that some backends cannot keep. */
export const MANAGER_ENDS =
  'the end of the process manager is passed on to the command as SIGTERM, and recorded'
export const NAMES_WHAT_IS_LEFT = 'stop says what is left when its time is up, and kill ends it'
export const HAS_A_SESSION =
  'the command is in a session of its own, and the terminal of the start does not reach it'
export const SURVIVES_ITS_WRAPPER =
  'a killed wrapper leaves a command that is active and can be killed; without it the run is lost'
export const TAKES_INPUT = 'input reaches the command, and end of input only when it is asked for'
export const KEEPS_A_CLAIM =
  'a wrapper that has made its journal and not written yet keeps others from starting'
export const HAS_TWO_OUTPUTS = 'stdout and stderr are two files'
export const HAS_OTHER_INPUTS = 'stdin = "null" is an end of file, and a file is read'

/** What differs between backends. */
export interface Traits {
  readonly skips?: Skips
  /** What the process manager needs of the environment. */
  readonly environment?: NodeJS.ProcessEnv
  /** Ends the process manager, so that a new one can come. By default the process that is the backend's id is killed. */
  readonly endManager?: () => Promise<void>
  /** Variables that the process manager gives to a command. */
  readonly provided?: RegExp
  /** The wrapper of all tasks: by default "default". */
  readonly wrapper?: string
}

/** Runs the contract for a backend. @param where where its tasks run, if that is not plain */
export function describeContract(backend: string, traits: Traits = {}, where = ''): void {
  for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
    describe(`${backend}${where} with ${artifact}`, () =>
      describePromises(backend, new TestPool(artifact, traits.environment), traits))
}

function describePromises(backend: string, pool: TestPool, traits: Traits): void {
  const { skips = {}, provided = /^$/, wrapper: type = 'default' } = traits
  const { artifact } = pool
  const test = (promise: string, keep: () => Promise<void>) => {
    if (skips[promise] === undefined) bunTest(promise, keep)
  }
  const load = (id: string, wrapper: object) => pool.load(id, { type, ...wrapper }, { type: backend })
  const journal = (id: string, run = 1) => readFileSync(join(pool.runDirectory(id, run), 'journal'), 'utf8')
  const output = (id: string, run = 1) =>
    readFileSync(join(pool.runDirectory(id, run), 'stdout'), 'utf8').replaceAll('\r\n', '\n') // of a terminal
  const ended = (id: string, run = 1) => until(() => /^ended /m.test(journal(id, run)))
  const status = async (id: string) => (await pool.spmi('status', escapeId(id))).stdout
  const start = async (...ids: string[]) => {
    const outcome = await pool.spmi('start', '--', ...ids.map(escapeId))
    expect(outcome).toMatchObject({ status: 0 })
    for (const id of ids) await until(() => hasStarted(id)) // a job may wait in a queue first
  }
  const hasStarted = (id: string) => {
    const runs = readdirSync(join(pool.path, id, 'runs')).filter(name => !name.startsWith('.'))
    const file = join(pool.runDirectory(id, Math.max(...runs.map(Number))), 'journal')
    return existsSync(file) && /^spawned /m.test(readFileSync(file, 'utf8'))
  }

  beforeAll(async () => {
    expect((await pool.spmi('list')).status).toBe(0)
  })
  afterAll(() => pool.dispose())

  test('a start is believed only when the wrapper has recorded it', async () => {
    await load('recorded', { command: 'exec sleep 300' })
    await start('recorded')
    expect(journal('recorded')).toMatch(/^claimed .*\nspawned /)
    expect(await status('recorded')).toMatch(/Active: active since/)
    const refused = await pool.spmi('start', 'recorded')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain('cannot start manageable "recorded": it is active')
    expect(readdirSync(join(pool.path, 'recorded/runs'))).toEqual(['1'])
  })

  test('a start that cannot be fails with the reason, and the task is inactive', async () => {
    await load('impossible', { command: 'true', cwd: 'missing' })
    const { status: code, stderr } = await pool.spmi('start', 'impossible')
    expect(code).toBe(1)
    expect(stderr).toContain('missing" does not exist')
    expect((await pool.spmi('list')).stdout).toMatch(/impossible +inactive/)
  })

  test('an id is kept exactly, whatever it holds, and none runs anything', async () => {
    const descriptors = IDS.map((id, index) =>
      pool.write(
        `odd${index}.json`,
        JSON.stringify({ task: { id, backend: { type: backend }, wrapper: { type, command: 'echo ran' } } }),
      ),
    )
    expect(await pool.spmi('load', ...descriptors)).toMatchObject({ status: 0 })
    await start(...IDS)
    for (const id of IDS) {
      await ended(id)
      expect(output(id)).toBe('ran\n')
    }
    expect(readdirSync(pool.folder)).not.toContain('x')
    expect(await pool.spmi('clean', '--', ...IDS.map(escapeId))).toMatchObject({ status: 0 })
    expect(readdirSync(pool.path).filter(name => IDS.includes(name))).toEqual([])
  })

  test('the environment of the start and of the descriptor, the folder and the umask reach the command', async () => {
    const values = {
      PLAIN: 'value',
      EMPTY: '',
      TEXT: 'one\ntwo\n',
      QUOTES: `'"$HOME\`id\`\\`,
      UNICODE: 'ü🎉\u0081',
    }
    await load('environment', {
      command: 'pwd; umask; exec env -0',
      cwd: '/usr',
      env: { ADDED: 1, PLAIN: 'other' },
    })
    // Managers set SHELL and TERM where the start has none, and only a terminal has a type.
    const environment = { ...values, SHELL: undefined, TERM: undefined, STY: undefined } as NodeJS.ProcessEnv
    const outcome = await pool.spmiWith({ environment }, 'start', 'environment')
    expect(outcome).toMatchObject({ status: 0 })
    await until(() => hasStarted('environment'))
    await ended('environment')
    const [folder, umask, ...rest] = output('environment').split('\n')
    expect(folder).toBe('/usr')
    expect(umask).toBe(process.umask().toString(8).padStart(4, '0'))
    const got = Object.fromEntries(
      rest
        .join('\n')
        .split('\0')
        .filter(Boolean)
        .map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    )
    const expected = { ...pool.environment, ...values, ADDED: '1', PLAIN: 'other', PWD: '/usr' } as Record<
      string,
      string
    >
    for (const name of ['SHELL', 'TERM', 'STY', 'OLDPWD', '_', 'SPMI_RUN']) delete expected[name]
    const { SPMI_RUN, _, SHLVL, TERM, ...exact } = got
    delete expected.SHLVL
    for (const name of Object.keys(exact)) if (provided.test(name) && !(name in expected)) delete exact[name]
    expect(exact).toEqual(expected)
    expect(TERM !== undefined).toBe(type === 'terminal')
    expect(SPMI_RUN).toStartWith('spmi-environment-')
  })

  test('the locale of the start reaches the command, and no other one', async () => {
    await load('locale', { command: 'echo "${LC_ALL-none} ${SYSSCREENRC-none}"' })
    for (const [run, LC_ALL, SYSSCREENRC] of [
      [1, undefined, undefined],
      [2, 'C.UTF-8', '/no/such/file'],
    ] as const) {
      const environment = { LC_ALL, SYSSCREENRC } as NodeJS.ProcessEnv
      expect(await pool.spmiWith({ environment }, 'start', 'locale')).toMatchObject({ status: 0 })
      await until(() => hasStarted('locale'))
      await ended('locale', run)
      expect(output('locale', run)).toBe(`${LC_ALL ?? 'none'} ${SYSSCREENRC ?? 'none'}\n`)
    }
  })

  test('the limits of the start reach the command', async () => {
    await load('limits', { command: 'ulimit -n; ulimit -c; ulimit -s; ulimit -t' })
    const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
    const limits = 'ulimit -S -n 300; ulimit -S -c 8; ulimit -S -s 4096; ulimit -S -t 5000'
    const script = `${limits}; ${program} start limits; :` // not its last command, which takes the place of the shell
    const options = { environment: pool.environment, cwd: pool.folder }
    expect(await runProgram(['sh', '-c', script], options)).toMatchObject({ status: 0 })
    await until(() => hasStarted('limits'))
    await ended('limits')
    expect(output('limits')).toBe('300\n8\n4096\n5000\n')
  })

  test('stop delivers each signal once, first SIGINT, and at half of the timeout SIGTERM', async () => {
    const count =
      "trap 'echo INT' INT; trap 'echo TERM; sleep 0.2; exit 7' TERM; echo ready; while :; do sleep 0.02; done 2>&-"
    await load('counting', { command: count, stop_timeout: 2, stop_signal: ['SIGINT', 'SIGTERM'] })
    await start('counting')
    await until(() => output('counting').includes('ready'))
    const begin = performance.now()
    expect(await pool.spmi('stop', 'counting')).toMatchObject({ status: 0 })
    expect(performance.now() - begin).toBeGreaterThan(1000)
    expect(output('counting')).toBe('ready\nINT\nTERM\n')
    expect(await status('counting')).toContain('Exit code: 7\n')
  })

  test('stop ends a background child that ignores SIGINT', async () => {
    const mark = newMark()
    await load('background', { command: `sleep ${mark} & wait`, stop_timeout: 1 })
    await start('background')
    await until(() => findByArgument(mark).length === 1)
    expect(await pool.spmi('stop', 'background')).toMatchObject({ status: 0 })
    expect(findByArgument(mark)).toEqual([])
  })

  test(NAMES_WHAT_IS_LEFT, async () => {
    const mark = newMark()
    await load('stubborn', {
      command: `trap '' INT TERM; exec sleep ${mark}`,
      stop_timeout: 0.3,
      stop_signal: ['SIGINT', 'SIGTERM'],
    })
    await start('stubborn')
    await until(() => findByArgument(mark).length === 1)
    const stopped = await pool.spmi('stop', 'stubborn')
    expect(stopped.status).toBe(1)
    expect(stopped.stderr).toContain(`1 of its processes are left: ${findByArgument(mark)[0]} "sleep"`)
    expect(await status('stubborn')).toContain('Active: active (stopping) since')
    expect(await pool.spmi('kill', 'stubborn')).toMatchObject({ status: 0 })
    expect(findByArgument(mark)).toEqual([])
    expect(await status('stubborn')).toContain('Exit code: 137 (SIGKILL)')
  })

  for (const [name, { command, count }] of Object.entries(ZOO))
    test(`kill leaves nothing of a run that ${name}`, async () => {
      const mark = newMark()
      await load(`zoo ${name}`, { command: command(mark) })
      await start(`zoo ${name}`)
      await until(() => findByArgument(mark).length >= count)
      expect(await pool.spmi('kill', `zoo ${name}`)).toMatchObject({ status: 0 })
      expect(findByArgument(mark)).toEqual([])
      expect((await pool.spmi('list')).stdout).toMatch(new RegExp(`zoo ${name} +inactive`))
    })

  test('a task that starts another one can be killed without killing the other', async () => {
    const [inner, outer] = [newMark(), newMark()]
    await load('inner', { command: `exec sleep ${inner}` })
    const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
    await load('outer', { command: `${program} start inner; exec sleep ${outer}` })
    await start('outer')
    await until(() => findByArgument(inner).length === 1 && findByArgument(outer).length === 1)
    expect(await pool.spmi('kill', 'outer')).toMatchObject({ status: 0 })
    expect(findByArgument(outer)).toEqual([])
    expect(findByArgument(inner)).toHaveLength(1)
    expect(await status('inner')).toContain('Active: active since')
    expect(await pool.spmi('kill', 'inner')).toMatchObject({ status: 0 })
    expect(findByArgument(inner)).toEqual([])
  })

  test('names that are prefixes of each other are kept apart', async () => {
    const marks = ['run', 'run-1', 'run-10'].map(id => [id, newMark()] as const)
    for (const [id, mark] of marks) await load(id, { command: `exec sleep ${mark}` })
    await start('run', 'run-1', 'run-10')
    expect(await pool.spmi('kill', 'run-1')).toMatchObject({ status: 0 })
    expect(marks.map(([, mark]) => findByArgument(mark).length)).toEqual([1, 0, 1])
    expect(await pool.spmi('stop', 'run-10')).toMatchObject({ status: 0 })
    expect(marks.map(([, mark]) => findByArgument(mark).length)).toEqual([1, 0, 0])
    expect(await pool.spmi('stop', 'run')).toMatchObject({ status: 0 })
  })

  test(HAS_A_SESSION, async () => {
    const mark = newMark()
    await load('session', { command: `exec sleep ${mark}` })
    await start('session')
    await until(() => findByArgument(mark).length === 1)
    const [pid = 0] = findByArgument(mark)
    expect(sessionOf(pid)).toBe(pid)
    expect(Number(/^ +PID: (\d+)$/m.exec(await status('session'))?.[1])).toBe(pid)
    await pool.spmi('kill', 'session')
  })

  test(SURVIVES_ITS_WRAPPER, async () => {
    const mark = newMark()
    await load('orphan', { command: `exec sleep ${mark}` })
    await start('orphan')
    const wrapper = Number(/^claimed .* pid=(\d+)/.exec(journal('orphan'))?.[1])
    process.kill(wrapper, 'SIGKILL')
    await until(() => !isLiving(wrapper))
    await until(async () => (await status('orphan')).includes('Active: active (left behind) since'))
    expect((await pool.spmi('start', 'orphan')).status).toBe(1)
    expect(await pool.spmi('kill', 'orphan')).toMatchObject({ status: 0 })
    expect(findByArgument(mark)).toEqual([])
    await until(async () => (await status('orphan')).includes('Active: inactive (lost'))
    await start('orphan')
    expect(await status('orphan')).toContain('Active: active since')
    expect(await pool.spmi('stop', 'orphan')).toMatchObject({ status: 0 })
  })

  test('processes that outlive the command keep the task active', async () => {
    const mark = newMark()
    // A terminal hangs up with its command.
    await load('outlived', { command: `trap '' HUP; sleep ${mark} & exit 3`, stop_timeout: 2 })
    await start('outlived')
    await until(async () => (await status('outlived')).includes('Active: active (left behind) since'))
    expect((await pool.spmi('clean', 'outlived')).status).toBe(1)
    expect(await pool.spmi('stop', 'outlived')).toMatchObject({ status: 0 })
    expect(findByArgument(mark)).toEqual([])
    expect(await status('outlived')).toContain('Exit code: 3\n')
  })

  test('a daemon that left session and group keeps the task active, and stop reaches it', async () => {
    const mark = newMark()
    const command = `trap '' HUP; setsid sleep ${mark} </dev/null >/dev/null 2>&1 &`
    await load('daemon', { command, stop_timeout: 2 })
    await start('daemon')
    await until(() => /^exited /m.test(journal('daemon')))
    await until(() => findByArgument(mark).length === 1)
    expect(await status('daemon')).toContain('Active: active (left behind) since')
    expect(await pool.spmi('stop', 'daemon')).toMatchObject({ status: 0 })
    expect(findByArgument(mark)).toEqual([])
  })

  test('a task that ends while nobody looks is recorded', async () => {
    await load('unwatched', { command: 'echo out; exit 5' })
    await start('unwatched')
    await ended('unwatched')
    expect(await status('unwatched')).toMatch(/Active: inactive since .*\n(.*\n)* +Exit code: 5\n\nout\n\n$/)
  })

  test(HAS_TWO_OUTPUTS, async () => {
    await load('streams', { command: 'echo out; echo err >&2' })
    await start('streams')
    await ended('streams')
    expect(output('streams')).toBe('out\n')
    expect(readFileSync(join(pool.runDirectory('streams'), 'stderr'), 'utf8')).toBe('err\n')
  })

  test('a new run keeps the output of the one before', async () => {
    await load('again', { command: 'echo $$', mixed_stdout: true })
    await start('again')
    await ended('again')
    await start('again')
    await ended('again', 2)
    expect(output('again', 1)).toMatch(/^\d+\n$/)
    expect(output('again', 2)).not.toBe(output('again', 1))
  })

  test(TAKES_INPUT, async () => {
    await load('reader', {
      command: 'stty -echo 2>&-; while read -r line; do echo "got $line"; done; echo end',
    })
    await start('reader')
    for (const word of ['one', 'two'])
      expect(await pool.spmiWith({ input: `${word}\n` }, 'connect', 'reader')).toMatchObject({ status: 0 })
    await until(() => output('reader') === 'got one\ngot two\n')
    expect(await status('reader')).toContain('Active: active since')
    await pool.spmi('kill', 'reader')
  })

  test(HAS_OTHER_INPUTS, async () => {
    const file = pool.write('input.txt', 'from a file\n')
    await load('null', { command: 'cat; echo end', stdin: 'null' })
    await load('file', { command: 'cat; echo end', stdin: file })
    await start('null', 'file')
    await ended('null')
    await ended('file')
    expect(output('null')).toBe('end\n')
    expect(output('file')).toBe('from a file\nend\n')
    const { status: code, stderr } = await pool.spmiWith({ input: 'x' }, 'connect', 'null')
    expect([code, stderr.includes('it is inactive')]).toEqual([1, true])
  })

  test(MANAGER_ENDS, async () => {
    const mark = newMark()
    await load('managed', { command: `trap 'echo TERM; exit 9' TERM; sleep ${mark} & wait` })
    await start('managed')
    await until(() => findByArgument(mark).length === 1)
    const killManager = async () => {
      const manager = Number(/^ +Backend ID: (\d+)$/m.exec(await status('managed'))?.[1])
      process.kill(manager, 'SIGKILL')
    }
    await (traits.endManager ?? killManager)()
    await until(() => /^exited .* code=9$/m.test(journal('managed')))
    expect(output('managed')).toBe('TERM\n')
    await until(() => findByArgument(mark).length === 0)
    expect(await status('managed')).toContain('Exit code: 9\n')
    await start('managed') // and a new manager comes
    expect(await pool.spmi('kill', 'managed')).toMatchObject({ status: 0 })
  })

  test('a lock that the caller of start holds is not held on by the task', async () => {
    await load('lock', { command: 'exec sleep 300' })
    const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
    const script = `exec 7>low 23>high; flock 7; flock 23; ${program} start lock`
    const options = { environment: pool.environment, cwd: pool.folder }
    expect(await runProgram(['bash', '-c', script], options)).toMatchObject({ status: 0 })
    for (const file of ['low', 'high'])
      expect([file, await runProgram(['flock', '-n', file, 'true'], options)]).toMatchObject([
        file,
        { status: 0 },
      ])
    await pool.spmi('kill', 'lock')
  })

  test('a wrapper that comes late, after its run was given up, does not run the command', async () => {
    await load('late', { command: 'echo ran' })
    await start('late')
    await ended('late')
    // As a starter that died right after its launch would leave it: a run without a journal, whose wrapper is to come.
    const [first, second] = [pool.runDirectory('late', 1), pool.runDirectory('late', 2)]
    mkdirSync(second, { mode: 0o700 })
    writeFileSync(
      join(second, 'run.sh'),
      readFileSync(join(first, 'run.sh'), 'utf8').replaceAll(first, second),
    )
    writeFileSync(join(second, 'env'), readFileSync(join(first, 'env')))
    const starter = JSON.parse(readFileSync(join(first, 'starter'), 'utf8'))
    writeFileSync(join(second, 'starter'), JSON.stringify({ ...starter, by: { ...starter.by, pid: 1 } }))
    await until(async () => (await status('late')).includes('Active: inactive (lost'))
    await start('late')
    await ended('late', 3)
    expect(await runProgram(['sh', join(second, 'run.sh')])).toMatchObject({ status: 75 })
    expect(readdirSync(second)).not.toContain('stdout')
  })

  test(KEEPS_A_CLAIM, async () => {
    await load('claiming', { command: 'echo ran' })
    await start('claiming')
    await ended('claiming')
    const file = join(pool.runDirectory('claiming'), 'journal')
    const starter = join(pool.runDirectory('claiming'), 'starter')
    const { by, ...rest } = JSON.parse(readFileSync(starter, 'utf8'))
    writeFileSync(starter, JSON.stringify({ ...rest, by: { ...by, pid: 1 } })) // its starter is gone
    writeFileSync(file, '')
    expect(await status('claiming')).toContain('Active: active (starting) since')
    expect((await pool.spmi('start', 'claiming')).status).toBe(1)
    utimesSync(file, 0, 0) // it died there
    expect(await status('claiming')).toContain('Active: inactive (lost)\n')
    await start('claiming')
    await ended('claiming', 2)
  })

  describeSignalling({ pool, test, load, start, output, ended, status })

  test('100 tasks cost one query at most', async () => {
    const descriptors = Array.from({ length: 100 }, (_, index) =>
      pool.write(
        `many${index}.json`,
        JSON.stringify({
          task: {
            id: `many_${index}`,
            backend: { type: backend },
            wrapper: { type, command: 'exec sleep 300' },
          },
        }),
      ),
    )
    expect(await pool.spmi('load', ...descriptors)).toMatchObject({ status: 0 })
    expect(await pool.spmi('start', 'many_.*')).toMatchObject({ status: 0 })
    const { stdout, stderr } = await pool.spmi('-d', 'list')
    expect(stdout.match(/^many_\d+ +active/gm)).toHaveLength(100)
    expect((stderr.match(/^Ran /gm) ?? []).length).toBeLessThanOrEqual(1)
    const begin = performance.now()
    expect(await pool.spmi('stop', 'many_.*')).toMatchObject({ status: 0 })
    expect(performance.now() - begin).toBeLessThan(4000) // at once, not one after the other
    expect((await pool.spmi('list')).stdout.match(/^many_\d+ +inactive/gm)).toHaveLength(100)
    expect(await pool.spmi('clean', 'many_.*')).toMatchObject({ status: 0 })
  })
}

/** A pattern that matches exactly this id. */
function escapeId(id: string): string {
  return id.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
