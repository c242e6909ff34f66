/** The input of tasks: whole, or refused in words; into their own FIFO, and into nothing else that stands in its place. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, runProgram, TestPool, until } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { Programs } from './support/program.ts'
import { findMarked } from './support/witness.ts'

const pool = new TestPool()
const programs = new Programs(pool)
afterAll(() => programs.dispose())

const fifoOf = (id: string) => join(pool.runDirectory(id), 'stdin')
const outputOf = (id: string) => join(pool.runDirectory(id), 'stdout')
const printedBy = (id: string) => (existsSync(outputOf(id)) ? readFileSync(outputOf(id), 'utf8') : '')

/** Loads and starts tasks by their commands. */
async function run(commands: Readonly<Record<string, string>>): Promise<void> {
  await pool.loadAll(Object.fromEntries(Object.entries(commands).map(([id, command]) => [id, { command }])))
  expect(await pool.spmi('start', ...Object.keys(commands))).toMatchObject({ status: 0 })
}

/** Sends a file to a task. */
function send(id: string, bytes: Uint8Array) {
  const path = join(pool.folder, `input of ${id} ${crc32(bytes)}`)
  writeFileSync(path, bytes)
  return programs.start(['sh', '-c', 'exec "$0" connect "$2" <"$1"', ...ARTIFACTS[pool.artifact], path, id])
}

describe('input', () => {
  test('of all values arrives byte by byte, in an order of its own', async () => {
    const all = Buffer.from(Uint8Array.from({ length: 256 * 500 }, (_, index) => (index * 7) % 256))
    await run({ copied: `exec head -c ${2 * all.length}` })
    for (let round = 1; round <= 2; round++) {
      const sending = send('copied', all)
      expect([await sending.ends(), sending.stderr]).toEqual([
        0,
        expect.stringContaining(`Sent ${all.length} bytes`),
      ])
      count('inputs')
    }
    await until(
      () => existsSync(outputOf('copied')) && readFileSync(outputOf('copied')).length === 2 * all.length,
    )
    expect(readFileSync(outputOf('copied')).equals(Buffer.concat([all, all]))).toBe(true)
  }, 60_000)

  test('of megabytes arrives whole at a command that reads slowly', async () => {
    const size = extent(2, 10) << 20
    const reader = `$n = 0; while ($n < ${size}) { $r = sysread STDIN, $b, 3000; last unless $r; $n += $r; print $b; select undef, undef, undef, 0.001 }`
    await run({ slow: `exec perl -e '${reader}'` })
    const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * index) >> 7))
    const sending = send('slow', bytes)
    expect(await sending.ends(90_000)).toBe(0)
    expect(await pool.spmiWith({ timeout: 60_000 }, 'wait', 'slow')).toMatchObject({ status: 0 })
    expect(crc32(readFileSync(outputOf('slow')))).toBe(crc32(bytes))
    count('inputs')
  }, 150_000)

  test('of several at once does not mix within a line', async () => {
    const [writers, lines] = [4, extent(300, 3000)]
    const texts = Array.from({ length: writers }, (_, writer) =>
      Array.from({ length: lines }, (_, line) => String(writer).repeat(1 + ((line * 397) % 4095))).join('\n'),
    )
    const total = texts.reduce((sum, text) => sum + text.length + 1, 0)
    await run({ shared: `exec head -c ${total}` })
    const sent = texts.map(text => send('shared', Buffer.from(`${text}\n`)))
    for (const sending of sent) expect(await sending.ends(90_000)).toBe(0)
    await until(() => readFileSync(outputOf('shared')).length === total)
    const arrived = printedBy('shared').trimEnd().split('\n')
    const lies = arrived.filter(line => !/^(\d)\1*$/.test(line)).map(line => line.slice(0, 80))
    for (const [writer, text] of texts.entries())
      expect(arrived.filter(line => line.startsWith(String(writer))).join('\n') === text).toBe(true) // in order, too
    count('inputs', writers * lines)
    expectNone('lies', lies)
  }, 120_000)

  test('ends where it is said that it ends, and not with who has sent', async () => {
    await run({ ending: 'wc -c' })
    expect(await pool.spmiWith({ input: 'some' }, 'connect', 'ending')).toMatchObject({ status: 0 })
    expect(await pool.spmiWith({ input: '' }, 'connect', 'ending')).toMatchObject({ status: 0 })
    const closed = await runProgram(
      ['sh', '-c', 'exec "$@" <&-', 'sh', ...ARTIFACTS[pool.artifact], 'connect', 'ending'],
      {
        environment: pool.environment,
      },
    )
    expect(closed.status).toBe(0)
    const typing = programs.spmi(['connect', 'ending'], { isOnTerminal: true })
    await typing.shows('Connected')
    typing.type('more\n\x04')
    expect(await typing.ends()).toBe(0)
    expect(printedBy('ending')).toBe('9\n')
  }, 60_000)
})

describe('input with each backend', () => {
  const size = 1 << 20
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * index) >> 5))

  /** What arrives is told by the command itself, to a file outside the pool. */
  async function expectWhole(backend: object, pool: TestPool, programs: Programs): Promise<void> {
    const id = `with_${JSON.stringify(backend).replaceAll(/\W+/g, '_')}`
    const arrived = join(pool.folder, id)
    const command = `head -c ${size} >${arrived}.new; mv ${arrived}.new ${arrived}; exec cat >${arrived}.rest`
    await pool.load(id, { command }, backend)
    expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
    await until(() => existsSync(join(pool.runDirectory(id), 'stdout')), 30_000)
    const path = join(pool.folder, 'sent')
    writeFileSync(path, bytes)
    const sending = programs.start([
      'sh',
      '-c',
      'exec "$0" connect "$2" <"$1"',
      ARTIFACTS['dist/spmi'][0],
      path,
      id,
    ])
    expect([await sending.ends(), sending.stderr]).toEqual([0, expect.stringContaining(`Sent ${size} bytes`)])
    await until(() => existsSync(arrived))
    expect(readFileSync(arrived).equals(bytes)).toBe(true)
    const typing = programs.spmi(['connect', id], { isOnTerminal: true })
    await typing.shows('Connected')
    typing.type('the rest\n\x04')
    expect(await typing.ends()).toBe(0)
    expect(readFileSync(`${arrived}.rest`, 'utf8')).toBe('the rest\n')
    count('inputs', 2)
  }

  for (const type of ['native', 'screen', 'tmux'])
    test(`arrives whole on ${type}, and ends with ^D`, () => expectWhole({ type }, pool, programs), 60_000)

  const refusals = { systemd: UserManager.refuse(), slurm: SlurmCluster.refuse() }
  const managers = isFull ? ({ systemd: UserManager, slurm: SlurmCluster } as const) : {}
  for (const [type, Manager] of Object.entries(managers))
    test.skipIf(refusals[type as 'systemd' | 'slurm'] !== undefined)(
      `arrives whole on ${type}, and ends with ^D`,
      async () => {
        const manager = new Manager()
        const pool = new TestPool('dist/spmi', manager.environment)
        const programs = new Programs(pool)
        try {
          await manager.start()
          await expectWhole({ type }, pool, programs)
        } finally {
          await programs.dispose()
          await manager.stop()
        }
      },
      120_000,
    )
})

describe('input that nobody takes', () => {
  const lines = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join(''))

  test('is not waited for when the task ends; what was sent before is said', async () => {
    await run({ deaf: 'exec sleep 300' })
    const sending = send('deaf', lines)
    await until(() => readFifo(fifoOf('deaf')) !== '') // the pipe was full and has room again
    expect(sending.status).toBeUndefined()
    await pool.spmi('kill', 'deaf')
    expect(await sending.ends()).toBe(1)
    const [, sent] =
      /cannot pass input to manageable "deaf": .*; (\d+) bytes were sent before\n/.exec(sending.stderr) ?? []
    expect(Number(sent)).toBeGreaterThanOrEqual(60_000)
    count('cases')
  }, 60_000)

  test('can be left, and is whole lines as far as it went', async () => {
    await run({ deaf_too: 'exec sleep 300' })
    const sending = send('deaf_too', lines)
    let taken = ''
    await until(() => {
      taken += readFifo(fifoOf('deaf_too'))
      return taken.length > 100_000
    })
    await Bun.sleep(100)
    sending.signal('SIGINT')
    await sending.ends()
    taken += readFifo(fifoOf('deaf_too'))
    expect(lines.subarray(0, taken.length).toString()).toBe(taken)
    expect(taken).toEndWith('\n')
    await pool.spmi('kill', 'deaf_too')
    count('cases')
  }, 60_000)

  if (isFull)
    test('has half a minute to be taken, and so has a descriptor to be written', async () => {
      await run({ deaf_long: 'exec sleep 300' })
      const sending = send('deaf_long', lines)
      const fifo = join(pool.folder, 'never.toml')
      spawnSync('mkfifo', [fifo])
      const loading = pool.spmiWith({ timeout: 60_000 }, 'load', fifo)
      expect(await sending.ends(60_000)).toBe(1)
      expect(sending.stderr).toMatch(/it does not read its input; \d+ bytes were sent before\n/)
      const loaded = await loading
      expect([loaded.status, loaded.stderr]).toEqual([
        1,
        expect.stringContaining('never.toml: gave nothing for 30 seconds'),
      ])
      for (const time of [sending.time]) expect(time).toBeLessThan(45_000)
      measured('input that nobody takes is given up after', `${(sending.time / 1000).toFixed(1)} s`)
      await pool.spmi('kill', 'deaf_long')
      count('cases', 2)
    }, 90_000)

  /** What a FIFO holds, without waiting for more. */
  function readFifo(path: string): string {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const buffer = Buffer.alloc(1 << 17)
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer))
    } catch {
      return '' // nothing yet
    } finally {
      closeSync(fd)
    }
  }
})

describe('a FIFO whose place something else has taken', () => {
  const victim = join(pool.folder, 'victim')
  const stolen = join(pool.folder, 'stolen')
  const outside = join(pool.folder, 'outside')
  const makeFifo = (path: string) => {
    spawnSync('mkfifo', [path])
    return programs.start(['sh', '-c', `exec cat <>'${path}' >>'${stolen}'`]) // somebody who reads it
  }
  const faults: Readonly<Record<string, { readonly take: (path: string) => void; readonly words: string }>> =
    {
      symlink: { take: path => symlinkSync(victim, path), words: 'a symbolic link stands in its place' },
      'symlink to nothing': {
        take: path => symlinkSync(join(pool.folder, 'made'), path),
        words: 'a symbolic link stands in its place',
      },
      'symlink to a FIFO': {
        take: path => symlinkSync(outside, path),
        words: 'a symbolic link stands in its place',
      },
      'another FIFO': {
        take: path => void makeFifo(path),
        words: 'another FIFO stands in the place of its own',
      },
      'another FIFO that nobody reads': {
        take: path => void spawnSync('mkfifo', [path]),
        words: 'nobody reads it any more',
      },
      'regular file': {
        take: path => writeFileSync(path, 'precious'),
        words: 'something else stands in the place of its FIFO',
      },
      directory: { take: path => mkdirSync(path), words: 'something else stands in the place of its FIFO' },
      nothing: { take: () => {}, words: 'there is no FIFO' },
    }
  const names = Object.keys(faults)
  const idOf = (name: string) => `robbed_${names.indexOf(name)}`

  test('is not written, nor what it leads to; the words say what is there, and the task goes on', async () => {
    writeFileSync(victim, 'precious')
    writeFileSync(stolen, '')
    makeFifo(outside)
    await run(Object.fromEntries(names.map(name => [idOf(name), 'echo ready; cat'])))
    const lies: string[] = []
    for (const [name, { take, words }] of Object.entries(faults)) {
      const id = idOf(name)
      expect(await pool.spmiWith({ input: 'before\n' }, 'connect', id)).toMatchObject({ status: 0 })
      await until(() => printedBy(id).includes('before\n'))
      rmSync(fifoOf(id))
      take(fifoOf(id))
      if (name === 'another FIFO') await until(() => findReaders(fifoOf(id)).length > 0)
      count('injections')
      const { status, stderr } = await pool.spmiWith({ input: 'secret\n', timeout: 20_000 }, 'connect', id)
      if (status !== 1 || !stderr.includes(`cannot pass input to manageable "${id}": ${words}\n`))
        lies.push(`${name}: ${status}, ${stderr}`)
      const typing = programs.spmi(['connect', id], { isOnTerminal: true })
      await typing.shows('before')
      typing.type('secret\n')
      await typing.shows(words)
      typing.type('\x03')
      if ((await typing.ends()) !== 0) lies.push(`${name}: connect on a terminal ends with ${typing.status}`)
      if (printedBy(id).includes('secret')) lies.push(`${name}: what was refused has arrived`)
    }
    expect(readFileSync(victim, 'utf8')).toBe('precious')
    expect(readFileSync(fifoOf(idOf('regular file')), 'utf8')).toBe('precious')
    expect(readFileSync(stolen, 'utf8')).toBe('')
    expect(existsSync(join(pool.folder, 'made'))).toBe(false)
    expectNone('lies', lies)
    expect(await pool.spmi('stop', 'robbed_.*')).toMatchObject({ status: 0 })
  }, 120_000)

  function findReaders(path: string): number[] {
    return findMarked('an argument that nobody has', path)
  }
})

describe('the FIFOs of an ordinary user', () => {
  const NOBODY = 65534
  const isRoot = process.getuid?.() === 0
  const folder = mkdtempSync(join(tmpdir(), 'spmi-nobody-'))
  const program = join(folder, 'spmi')
  const mark = `nobody-${process.pid}`
  const environment = { PATH: process.env.PATH, HOME: folder, SPMI_PATH: join(folder, 'pool'), MARK: mark }
  const [tasks, spoken] = [extent(40, 2000), extent(5, 100)]
  const asNobody = (argv: readonly string[]) => [
    ...(isRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []),
    ...argv,
  ]
  const spmi = (words: readonly string[], input?: string) =>
    runProgram(asNobody([program, ...words]), {
      environment,
      cwd: folder,
      timeout: 120_000,
      ...(input && { input }),
    })

  beforeAll(() => {
    copyFileSync(ARTIFACTS['dist/spmi'][0], program)
    chmodSync(program, 0o755)
    if (isRoot) chownSync(folder, NOBODY, NOBODY)
  })
  afterAll(async () => {
    await spmi(['kill', '.*'])
    rmSync(folder, { recursive: true, force: true })
  })

  test(`are small when they are many, and yet a long line arrives whole: ${tasks} tasks`, async () => {
    // What takes the pipe buffers of that user, so that new ones get two pages each: pipe(7), pipe-user-pages-soft.
    const hold = `for (1 .. 400) { pipe my $r, my $w or die; push @all, $r, $w } $| = 1; print "held\\n"; <STDIN>`
    const hogs = Array.from({ length: 3 }, () =>
      programs.start(asNobody(['perl', '-e', hold]), { environment }),
    )
    for (const hog of hogs) await hog.shows('held')
    const files = Array.from({ length: tasks }, (_, index) => {
      const path = join(folder, `${index}.json`)
      writeFileSync(
        path,
        JSON.stringify({
          task: { id: `many_${index}`, wrapper: { command: 'read -r line; echo "$line"; exec sleep 300' } },
        }),
      )
      return path
    })
    expect(await spmi(['load', ...files])).toMatchObject({ status: 0 })
    const begin = performance.now()
    expect(await spmi(['start', '-q', 'many_.*'])).toMatchObject({ status: 0, stderr: '' })
    measured(
      `start of ${tasks} tasks with FIFOs as an ordinary user`,
      `${((performance.now() - begin) / 1000).toFixed(1)} s`,
    )
    const run = (index: number) => join(folder, 'pool', `many_${index}`, 'runs', '1')
    const sizeOf = (fifo: string) =>
      Number(
        spawnSync('perl', ['-e', 'sysopen F, $ARGV[0], 2; print fcntl F, 1032, 0', fifo], {
          encoding: 'utf8',
        }).stdout,
      )
    const sizes = new Set<number>()
    for (let at = 0; at < spoken; at++) {
      const index = Math.floor((at * tasks) / spoken)
      const size = sizeOf(join(run(index), 'stdin'))
      sizes.add(size)
      const line = `${index} `.repeat(Math.ceil(20_000 / `${index} `.length)).trim()
      expect(await spmi(['connect', '-q', `many_${index}`], `${line}\n`)).toMatchObject({
        status: 0,
        stderr: '',
      })
      await until(() => readFileSync(join(run(index), 'stdout'), 'utf8') === `${line}\n`)
      count('inputs')
    }
    measured('FIFOs of an ordinary user with many', `${[...sizes].join(', ')} bytes`)
    if (isRoot) expect(Math.min(...sizes)).toBeLessThan(20_000) // else nothing was tried here
    expect((await spmi(['list', '--active'])).stderr).toContain(`Showed ${tasks} manageables`)
    expect(await spmi(['kill', '-q', 'many_.*'])).toMatchObject({ status: 0 })
    for (const hog of hogs) hog.endInput()
    await Promise.all(hogs.map(hog => hog.ends()))
    expectNone('survivors', findMarked(mark))
  }, 240_000)
})
