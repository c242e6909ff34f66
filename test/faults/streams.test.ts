/** The output of tasks: of any kind and size, and whatever happens to its files while it is written. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ARTIFACTS, TestPool, until } from '../support/spmi.ts'
import { extent } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { type Program, Programs } from './support/program.ts'
import { Witness } from './support/witness.ts'

/** The most memory that a command may take, in megabytes. */
const MEMORY = 200

const MEGABYTE = 1 << 20

const pool = new TestPool()
const programs = new Programs(pool)
afterAll(() => programs.dispose())

const outputOf = (id: string, run = 1) => join(pool.runDirectory(id, run), 'stdout')

/** Starts tasks, and waits until some of them have ended. */
async function start(pattern: string, ...ended: readonly string[]): Promise<void> {
  expect(await pool.spmi('start', pattern)).toMatchObject({ status: 0 })
  if (ended.length > 0)
    expect(await pool.spmiWith({ timeout: 100_000 }, 'wait', ...ended)).toMatchObject({ status: 0 })
}

/** Runs a command of SPMI to its end, and holds it to the memory that it may take. */
async function runWithin(words: readonly string[], isOnTerminal = false): Promise<Program> {
  const program = programs.spmi(words, { isOnTerminal })
  await program.ends(120_000)
  expectSmall(program, words)
  return program
}

function expectSmall({ peak, time }: Program, words: readonly string[]): void {
  count('cases')
  measured(`${words.join(' ')}`, `${Math.round(peak)} MB, ${(time / 1000).toFixed(1)} s`)
  expect(peak).toBeGreaterThan(5) // it was seen at all
  expect(peak).toBeLessThan(MEMORY)
}

describe('how memory is measured', () => {
  test('sees what a program takes, and nothing of who starts it', async () => {
    const ballast = Buffer.alloc(300 * MEGABYTE, 'x')
    const large = programs.start([
      'perl',
      '-e',
      `$x = "x" x ${300 * MEGABYTE}; print "made"; select undef, undef, undef, 0.3`,
    ])
    const small = programs.start(['sh', '-c', 'read -r line; echo "$line"; sleep 0.3'])
    small.type(`${ballast.length}\n`)
    await Promise.all([large.ends(), small.ends()])
    expect(large.peak).toBeGreaterThan(300)
    expect(small.peak).toBeGreaterThan(0)
    expect(small.peak).toBeLessThan(20)
  })
})

describe('bytes', () => {
  test('of all values come into the files and out of logs as they are', async () => {
    const all = Buffer.from(Uint8Array.from({ length: 256 * 1000 }, (_, index) => index % 256))
    const script =
      'exec perl -e \'binmode STDOUT; $all = pack "C*", 0 .. 255; print $all x 1000; print STDERR $all x 1000\''
    await pool.load('bytes', { command: script })
    await start('bytes', 'bytes')
    const run = pool.runDirectory('bytes')
    for (const stream of ['stdout', 'stderr']) {
      expect(readFileSync(join(run, stream)).equals(all)).toBe(true)
      const { size, checksum } = await runWithin(['logs', `--${stream}`, 'bytes'])
      expect([size, checksum]).toEqual([all.length, crc32(all)])
    }
    expect((await pool.spmi('status', 'bytes')).status).toBe(0)
    const json = await pool.spmi('status', '--json', 'bytes')
    expect(() => JSON.parse(json.stdout)).not.toThrow()
  }, 60_000)
})

describe('much output', () => {
  const size = extent(64, 1024) * MEGABYTE
  const line = `${'0123456789'.repeat(9)}abcdefghi`
  const [lines, whole] = [Math.floor(size / 100) * 100, size]
  beforeAll(async () => {
    await pool.loadAll({
      lines: { command: `yes ${line} | head -c ${lines}; exec sleep 300` },
      whole: { command: `head -c ${whole} /dev/zero | tr '\\0' x; exec sleep 300` },
    })
    await start('lines|whole')
    const isWritten = (id: string, length: number) =>
      existsSync(outputOf(id)) && statSync(outputOf(id)).size === length
    await until(() => isWritten('lines', lines) && isWritten('whole', whole), 120_000)
  }, 150_000)
  afterAll(async () => {
    await pool.spmi('kill', 'lines|whole')
    for (const id of ['lines', 'whole']) rmSync(outputOf(id), { force: true })
  })

  test('its last lines are shown at once', async () => {
    const status = await runWithin(['status', 'lines'])
    expect(status.printed).toContain(`\n\n${`${line}\n`.repeat(5)}\n`)
    const logs = await runWithin(['logs', '-n', '5', 'lines'])
    expect(logs.printed).toBe(`${line}\n`.repeat(5))
    expect((await runWithin(['list', '-l', 'lines'])).printed).toContain(line)
  }, 60_000)

  test('all of it comes through logs and connect in little memory', async () => {
    const checksum = checksumOf(`${line}\n`, lines)
    const logs = await runWithin(['logs', 'lines'])
    expect([logs.size, logs.checksum]).toEqual([lines, checksum])
    const following = programs.spmi(['logs', '-f', '-n', 'all', 'lines'])
    await until(() => following.size >= lines, 120_000)
    following.signal('SIGINT')
    expect(await following.ends()).toBe(0)
    expectSmall(following, ['logs -f -n all lines'])
    expect([following.size, following.checksum]).toEqual([lines, checksum])
    // connect wants a terminal to read from; one to write to has a pace of its own, so there it is left after a while.
    const saved = join(pool.folder, 'saved')
    const saving = ['sh', '-c', 'exec "$0" connect lines >"$1"', ARTIFACTS['dist/spmi'][0], saved]
    const connected = programs.start(saving, { isOnTerminal: true })
    await until(() => existsSync(saved) && statSync(saved).size >= lines, 120_000)
    connected.type('\x03')
    expect(await connected.ends()).toBe(0)
    expectSmall(connected, ['connect lines >file'])
    expect(await checksumOfFile(saved)).toBe(checksum)
    rmSync(saved)
    const watching = programs.spmi(['connect', 'lines'], { isOnTerminal: true })
    await until(() => watching.size >= 16 * MEGABYTE, 120_000)
    watching.type('\x03')
    expect(await watching.ends()).toBe(0)
    expectSmall(watching, ['connect lines'])
  }, 300_000)

  test('a line of that size without an end has bounds where one line is shown, and comes whole where all is', async () => {
    const status = await runWithin(['status', 'whole'])
    expect(status.size).toBeLessThan(100_000)
    expect(status.printed).toContain('x'.repeat(60_000))
    expect((await runWithin(['list', '-l', 'whole'])).size).toBeLessThan(5000)
    expect((await runWithin(['list', '-l', '--json', 'whole'])).size).toBeLessThan(100_000)
    for (const words of [
      ['logs', '-n', '1', 'whole'],
      ['logs', 'whole'],
    ]) {
      const { size, checksum } = await runWithin(words)
      expect([size, checksum]).toEqual([whole, checksumOf('x', whole)])
    }
    // On a terminal and beside others a line is looked at, not only passed on.
    const beside = programs.spmi(['logs', 'whole', 'bytes'])
    await beside.ends(120_000)
    expectSmall(beside, ['logs whole bytes'])
  }, 300_000)

  async function checksumOfFile(path: string): Promise<number> {
    let checksum = 0
    for await (const bytes of Bun.file(path).stream()) checksum = crc32(bytes, checksum)
    return checksum
  }

  /** The checksum of a text that is repeated up to so many bytes. */
  function checksumOf(text: string, bytes: number): number {
    const block = Buffer.from(text.repeat(Math.floor(MEGABYTE / text.length)))
    let checksum = 0
    let left = bytes
    for (; left >= block.length; left -= block.length) checksum = crc32(block, checksum)
    return crc32(block.subarray(0, left), checksum)
  }
})

describe('output whose file is taken away', () => {
  /** Writes numbered lines for ever, at most a hundred a second. */
  const counting = 'i=0; while :; do i=$((i + 1)); echo "line $i"; sleep 0.01; done'
  const victim = join(pool.folder, 'victim')
  const faults: Readonly<Record<string, (path: string) => void>> = {
    truncated: path => truncateSync(path),
    renamed: path => renameSync(path, `${path}.1`),
    'renamed and made anew': path => {
      renameSync(path, `${path}.1`)
      writeFileSync(path, '')
    },
    removed: path => rmSync(path),
    'replaced by a symlink': path => {
      rmSync(path)
      symlinkSync(victim, path)
    },
    'replaced by a FIFO': path => {
      rmSync(path)
      Bun.spawnSync(['mkfifo', path])
    },
    'replaced by a directory': path => {
      rmSync(path)
      mkdirSync(path)
    },
    'replaced by a device': path => {
      rmSync(path)
      symlinkSync('/dev/zero', path)
    },
  }
  const names = Object.keys(faults)
  const idOf = (name: string) => `hurt_${names.indexOf(name)}`
  beforeAll(async () => {
    writeFileSync(victim, 'precious\n')
    const ids = [...names.map(idOf), 'sound']
    await pool.loadAll(Object.fromEntries(ids.map(id => [id, { command: counting }])))
    await start('hurt_.*|sound')
    for (const id of ids) await until(() => readFileSync(outputOf(id), 'utf8').includes('line 3\n'))
  }, 60_000)

  test('concerns its own task alone, and is named; what stands in its place is neither followed nor waited for', async () => {
    const following = programs.spmi(['logs', '-f', '-n', '1', 'hurt_.*', 'sound'])
    await following.shows('sound  | line ')
    const lies: string[] = []
    for (const name of names) {
      faults[name]?.(outputOf(idOf(name)))
      count('injections')
    }
    const isNoFile = (name: string) => name.startsWith('replaced')
    for (const name of names) {
      const id = idOf(name)
      for (const words of [
        ['status', id, 'sound'],
        ['list', '-l', id, 'sound'],
        ['status', '--json', id, 'sound'],
      ]) {
        const { status, stdout, stderr } = await pool.spmiWith({ timeout: 20_000 }, ...words)
        const isNamed = `${stdout}${stderr}`.includes(outputOf(id))
        if (status !== (isNoFile(name) ? 1 : 0)) lies.push(`${name}: ${words} ends with ${status}`)
        if (isNamed !== isNoFile(name)) lies.push(`${name}: ${words} says ${stderr}`)
        if (!stdout.includes('sound') || !/\bactive\b/.test(stdout))
          lies.push(`${name}: ${words} does not show the others`)
        count('cases')
      }
      const logs = await pool.spmiWith({ timeout: 20_000 }, 'logs', '-n', '1', id, 'sound')
      if (!/sound +\| line \d+\n/.test(logs.stdout))
        lies.push(`${name}: logs does not show the others: ${logs.stderr}`)
      if (`${logs.stdout}`.includes('precious')) lies.push(`${name}: what a link leads to is shown`)
    }
    // Who follows goes on with all: the command still writes into what it has opened, which is read on.
    const reached = (id: string) =>
      Math.max(
        0,
        ...[...following.printed.matchAll(new RegExp(`^${id} +\\| line (\\d+)$`, 'gm'))].map(([, number]) =>
          Number(number),
        ),
      )
    const before = [...names.map(idOf), 'sound'].map(id => [id, reached(id)] as const)
    for (const [id, line] of before)
      await until(() => reached(id) > line + 3, 30_000).catch(() => lies.push(`${id} is not followed on`))
    expect(following.status).toBeUndefined()
    following.signal('SIGINT')
    expect(await following.ends()).toBe(0)
    expect(readFileSync(victim, 'utf8')).toBe('precious\n')
    expectNone('lies', lies)
  }, 120_000)

  test('does not keep it from being stopped, or connected to as far as can be', async () => {
    for (const name of names) {
      const connecting = programs.spmi(['connect', idOf(name)], { isOnTerminal: true })
      await until(() => connecting.status !== undefined || connecting.printed.includes('Connected'))
      connecting.type('\x03')
      await connecting.ends()
      expect(connecting.printed).not.toContain('a bug in SPMI')
    }
    expect(await pool.spmi('stop', 'hurt_.*', 'sound')).toMatchObject({ status: 0 })
  }, 120_000)
})

describe('output that never pauses', () => {
  /** As yes(1) does, faster than any terminal, but it takes 8 MB of the disk at most, and leaves something of the processor to others. */
  const endless = `exec perl -e '$| = 1; $block = "y\\n" x 32768; for (;;) { print $block; truncate STDOUT, 0 if ++$n % 128 == 0; select undef, undef, undef, 0.001 }'`
  const witness = new Witness(pool.folder)
  beforeAll(async () => {
    await pool.load('endless', { command: witness.command(endless) })
    await start('endless')
    await until(() => existsSync(outputOf('endless')) && statSync(outputOf('endless')).size > 0)
  })

  test('does not keep ^C from connect, logs -f and run --foreground', async () => {
    // More than any terminal shows in a day, of which a hole in a file costs no space.
    const vast = `exec perl -e '$| = 1; print "begin\n"; truncate STDOUT, 10e9; sleep 300'`
    await pool.load('vast', { command: vast })
    await start('vast')
    await until(() => existsSync(outputOf('vast')) && statSync(outputOf('vast')).size === 10e9)
    for (const words of [
      ['connect', 'vast'],
      ['logs', '-f', '-n', 'all', 'vast'],
      ['connect', 'endless'],
      ['logs', '-f', 'endless'],
      ['logs', '-f', '-n', 'all', 'endless'],
    ]) {
      const program = programs.spmi(words, { isOnTerminal: true })
      await until(() => program.size > MEGABYTE, 60_000)
      program.type('\x03')
      expect(await program.ends(20_000)).toBe(0)
      expectSmall(program, words)
    }
    const run = programs.spmi(['run', '--id', 'vast_run', '--foreground', vast], { isOnTerminal: true })
    await until(() => run.size > MEGABYTE, 60_000)
    run.type('\x03')
    await until(() => readFileSync(join(pool.runDirectory('vast_run'), 'journal'), 'utf8').includes('ended'))
    run.type('\x03')
    expect(await run.ends(30_000)).toBe(130) // stop begins with SIGINT
    expectSmall(run, ['run --foreground'])
  }, 180_000)

  test('does not keep stop and kill from ending the task, nor status from telling', async () => {
    const following = programs.spmi(['logs', '-f', 'endless'])
    for (const [word, code] of [
      ['stop', '130 (SIGINT)'],
      ['kill', '137 (SIGKILL)'],
    ] as const) {
      expect(await pool.spmi(word, 'endless')).toMatchObject({ status: 0 })
      expectNone('survivors', witness.survivors())
      expect((await pool.spmi('status', 'endless')).stdout).toContain(`Exit code: ${code}\n`)
      if (word === 'stop') await start('endless')
      count('rounds')
    }
    following.signal('SIGINT')
    expect(await following.ends(20_000)).toBe(0)
  }, 90_000)
})

describe('logs -f of many tasks', () => {
  const [tasks, rounds, lines] = [extent(8, 20), extent(4, 15), 25]
  const ids = Array.from({ length: tasks }, (_, index) => `coming_${index}`)

  test('shows each line of each run once and in order while runs come and go', async () => {
    const command = `for i in $(seq ${lines}); do echo "$SPMI_RUN $i"; echo "$SPMI_RUN $i" >&2; done; printf 'end of %s' "$SPMI_RUN"`
    await pool.loadAll(Object.fromEntries(ids.map(id => [id, { command, mixed_stdout: false }])))
    const following = programs.spmi(['logs', '-f', 'coming_.*'])
    await until(() => ids.every(id => following.stderr.includes(`"${id}" was never started`)))
    for (let round = 0; round < rounds; round++) {
      await start('coming_.*', 'coming_.*')
      count('rounds')
    }
    const expected = tasks * rounds
    // The last lines have no end, so that they come when there is a next run, or nothing more.
    const comings = (what: RegExp) => following.printed.match(what)?.length ?? 0
    await until(() => comings(/ \d+$/gm) === expected * lines * 2, 60_000).catch(() => {})
    following.signal('SIGINT')
    expect(await following.ends()).toBe(0)
    const seen = new Map<string, number[]>()
    const lies: string[] = []
    for (const line of following.printed.trimEnd().split('\n')) {
      const [, id, run = '', number] =
        /^(coming_\d+) +\| (?:(spmi-\S+) (\d+)|end of spmi-\S+)$/.exec(line) ?? []
      if (id === undefined) lies.push(line)
      else if (number !== undefined) seen.set(run, [...(seen.get(run) ?? []), Number(number)])
    }
    expect([seen.size, comings(/\| end of /g)]).toEqual([expected, expected])
    for (const [run, numbers] of seen) {
      // stdout and stderr say the same; each keeps its order.
      const sorted = numbers.toSorted((a, b) => a - b)
      if (
        sorted.some((number, index) => number !== Math.floor(index / 2) + 1) ||
        numbers.length !== 2 * lines
      )
        lies.push(`${run}: ${numbers}`)
    }
    expectNone('lies', lies)
  }, 180_000)
})

describe('logs that are truncated while 20 tasks write 1,000 lines a second in all', () => {
  const [tasks, seconds] = [20, extent(2, 15)]
  const ids = Array.from({ length: tasks }, (_, index) => `cut_${index}`)

  test('are followed without a line that was not written, twice, or out of order; wait tells of the ends', async () => {
    const total = seconds * 50
    const script = `$| = 1; for (1 .. ${total}) { print "$_ of this task\\n"; select undef, undef, undef, 0.02 } exit 3`
    await pool.loadAll(Object.fromEntries(ids.map(id => [id, { command: `exec perl -e '${script}'` }])))
    const following = programs.spmi(['logs', '-f', 'cut_.*'])
    await until(() => ids.every(id => following.stderr.includes(`"${id}" was never started`)))
    await start('cut_.*')
    const waiting = programs.spmi(['wait', 'cut_.*'])
    let copied = 0
    const cuts = Date.now() + seconds * 700
    for (let at = 0; Date.now() < cuts; at = (at + 1) % tasks) {
      // As logrotate's copytruncate does it.
      copyFileSync(outputOf(ids[at] ?? ''), join(pool.folder, `copy_${copied++}`))
      truncateSync(outputOf(ids[at] ?? ''))
      count('injections')
      await Bun.sleep(20)
    }
    expect(await waiting.ends()).toBe(3)
    const lastOf = (id: string) => `${id.padEnd(6)} | ${total} of this task\n`
    await until(() => ids.every(id => following.printed.includes(lastOf(id))))
    following.signal('SIGINT')
    expect(await following.ends()).toBe(0)
    const lies: string[] = []
    const last = new Map<string, number>()
    let whole = 0
    for (const line of following.printed.split('\n').slice(0, -1)) {
      const [, id = '', number] = /^(cut_\d+) +\| (\d+) of this task$/.exec(line) ?? []
      if (number === undefined) continue // the end of a line whose beginning was cut away; see docs/reliability.md
      if (Number(number) <= (last.get(id) ?? 0) || Number(number) > total) lies.push(line)
      last.set(id, Number(number))
      whole++
    }
    measured('lines seen by logs -f beside copytruncate', `${whole} of ${tasks * total}`)
    expectNone('lies', lies)
    appendFileSync(outputOf(ids[0] ?? ''), '')
  }, 120_000)
})
