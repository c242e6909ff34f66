/** The environment and the arguments reach a command byte for byte. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DefaultWrapper } from '../../src/manageables/task/wrappers/default.ts'
import { DEFAULT_ENTRIES } from '../../src/manageables/task/wrappers/default-schema.ts'
import { Pool } from '../../src/pool.ts'
import { toBytes, toText } from '../../src/system/byte-text.ts'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, type Artifact, TestPool } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'
import { SHELLS } from '../unit/shells.ts'
import { bytesOf, drawBytes, parseVariables, runWithBytes, type Variables } from './support/bytes.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Random, seed } from './support/random.ts'

/** Names that a shell cannot carry. They do not reach the command (docs/guide/wrappers/default.md). */
const FOREIGN_NAMES = [
  'BASH_FUNC_x%%',
  'a.b',
  'with space',
  'with-dash',
  '1st',
  '\xff',
  'n\xc3\xa4me',
  '%',
  "q'",
  'a\nb',
  '$(x)',
]

/** Names that mean something to shells, and that the command gets all the same. */
const SHELL_NAMES = [
  'IFS',
  'PS1',
  'PS4',
  'ENV',
  'CDPATH',
  'MAILPATH',
  'TIMEFORMAT',
  'OPTARG',
  'REPLY',
  'TMOUT',
  'HISTFILE',
]
const OUR_NAMES = ['_spmi_dir', '_spmi_pid', '_spmi_umask', '_spmi_boot', '_spmi_cwd']

/** Draws variables of which a shell can carry nearly all. */
function drawVariables(random: Random, amount: number): Map<string, string> {
  const variables = new Map<string, string>()
  for (const name of [...SHELL_NAMES, ...OUR_NAMES, ...FOREIGN_NAMES])
    variables.set(name, drawBytes(random, 30))
  while (variables.size < amount) variables.set(`V${variables.size}`, drawBytes(random, 60))
  return variables
}

/** What of them a command must get. */
function carried(variables: Variables): Map<string, string> {
  return new Map([...variables].filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)))
}

/** Where the variables of a command differ from those that it must have. */
function compare(got: Variables, expected: Variables, provided: (name: string) => boolean): string[] {
  const names = new Set([...got.keys(), ...expected.keys()])
  const differing = [...names].filter(
    name => got.get(name) !== expected.get(name) && (expected.has(name) || !provided(name)),
  )
  return differing.map(name => `seed ${seed}: ${JSON.stringify([name, got.get(name), expected.get(name)])}`)
}

describe('what a run exports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spmi-environment-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const BATCH = 250

  for (const [index, { name, argv, isThere }] of SHELLS.entries())
    test.skipIf(!isThere)(`${name} gives to a command byte for byte`, async () => {
      const random = new Random(100 + index)
      const lies: string[] = []
      for (let left = extent(1000, 20_000); left > 0; left -= BATCH) {
        const variables = drawVariables(random, BATCH)
        const path = join(folder, 'env')
        writeFileSync(path, await exportAll(variables))
        const [file = '', ...options] = argv
        const words = [...options, '-c', '. "$1"; exec cat /proc/self/environ', 'sh', path]
        const { stdout } = spawnSync(file, words, {
          env: { PATH: process.env.PATH ?? '' },
          maxBuffer: 1 << 26,
        })
        const expected = carried(variables).set('SPMI_RUN', 'run')
        const own = /^(PATH|PWD|OLDPWD|SHLVL|_)$/
        lies.push(...compare(parseVariables(stdout.toString('latin1')), expected, name => own.test(name)))
        count('inputs', BATCH)
      }
      expectNone('lies', lies)
    })

  /** The file `env` of a run with these variables. */
  async function exportAll(variables: Variables): Promise<Uint8Array> {
    const texts = [...variables].map(([name, value]) => [
      toText(Buffer.from(name, 'latin1')),
      toText(Buffer.from(value, 'latin1')),
    ])
    const job = {
      ...{
        name: 'run',
        directory: folder,
        environment: Object.fromEntries(texts),
        umask: 0o22,
        runsHere: true,
      },
      ...{ leaked: [], directives: [], setup: [], restartCount: undefined },
      options: { command: 'true', cwd: '/', env: {}, env_file: [], shell: ['sh', '-c'], stdin: 'null' },
    }
    expect(Object.keys(DEFAULT_ENTRIES)).toEqual(expect.arrayContaining(Object.keys(job.options)))
    return toBytes((await new DefaultWrapper('default').compile(job)).environment)
  }
})

/** Where tasks run, what it needs, and which variables it adds. */
interface Place {
  readonly backend: string
  readonly environment?: NodeJS.ProcessEnv
  readonly provided?: RegExp
}

/** Starts commands that show what they were given. */
function describePlace({ backend, environment = {}, provided = /^$/ }: Place): void {
  for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
    describe(`${backend} with ${artifact}`, () => {
      const pool = new TestPool(artifact, environment)
      afterAll(() => pool.dispose())
      const needs = ['PATH', 'HOME', 'SPMI_PATH', 'SCREENDIR', 'TMUX_TMPDIR', ...Object.keys(environment)]
      const needed: Variables = new Map(needs.map(name => [name, bytesOf(pool.environment[name] ?? '/')]))
      const isProvided = (name: string) => /^(SPMI_RUN|PWD|_|SHLVL)$/.test(name) || provided.test(name)
      let runs = 0

      const spmi = (argv: readonly string[], variables: Variables = new Map()) =>
        runWithBytes([...ARTIFACTS[artifact], ...argv], new Map([...variables, ...needed]))

      async function load(wrapper: object): Promise<string> {
        const id = `show-${++runs}`
        await pool.load(
          id,
          { command: 'cat /proc/self/environ', stdin: 'null', ...wrapper },
          { type: backend },
        )
        return id
      }

      /** Starts a command that shows its variables. @returns where they differ from those of the start */
      async function tell(
        id: string,
        variables: Variables,
        expected = carried(variables),
      ): Promise<string[]> {
        const { status, stderr } = await spmi(['start', id], variables)
        if (status !== 0) return [stderr]
        count('inputs', variables.size)
        return compare(parseVariables(await outputOf(id)), new Map([...expected, ...needed]), isProvided)
      }

      /** The output of a command that ends by itself, a character for each byte. */
      async function outputOf(id: string): Promise<string> {
        expect((await pool.spmi('wait', id)).status).toBe(0)
        return readFileSync(join(pool.runDirectory(id), 'stdout'), 'latin1')
      }

      test('variables of any bytes reach the command as they are', async () => {
        const random = new Random(110)
        const lies: string[] = []
        for (let round = 0; round < extent(2, 4); round++)
          lies.push(...(await tell(await load({}), drawVariables(random, 250))))
        expectNone('lies', lies)
      })

      test('a variable as long as the kernel takes does, and so do as many as fit', async () => {
        const random = new Random(111)
        // MAX_ARG_STRLEN of execve(2) counts the name, "=" and NUL.
        const long = new Map([['LONG', drawBytes(random, 1000).padEnd((1 << 17) - 6, '\xff')]])
        // Natively, in full, their quoted text is larger than any other file of ours may be.
        const amount = backend === 'native' ? extent(500, 20_000) : 2000
        const many = new Map(
          Array.from({ length: amount }, (_, index) => [`MANY_${index}`, drawBytes(random, 60)]),
        )
        const id = await load({})
        expectNone('lies', [...(await tell(await load({}), long)), ...(await tell(id, many))])
        const shown = await runWithBytes([...ARTIFACTS[artifact], 'show', '--environment', id], needed)
        expect(shown.stdout.split('\n').filter(line => line.startsWith('MANY_')).length).toBe(amount)
      })

      test('what is not valid UTF-8 in the arguments is refused, because no descriptor can hold it', async () => {
        const refused = [
          ['run', '--', 'echo', '\xff'],
          ['run', '--env', 'A=\xe9', 'true'],
          ['start', 'caf\xe9'],
          ['load', '\xed\xa0\x80.toml'],
        ]
        for (const argv of refused) {
          const { status, stderr } = await spmi(argv)
          expect([argv, status]).toEqual([argv, 2])
          expect(stderr).toContain('is not valid UTF-8')
          count('inputs')
        }
        expect((await spmi(['start', bytesOf('a\ufffd')])).stderr).not.toContain('is not valid UTF-8')
      })
    })
}

describePlace({ backend: 'native' })

if (isFull) {
  describePlace({ backend: 'screen', provided: /^(STY|WINDOW|TERM|TERMCAP|SHELL|COLUMNS|LINES)$/ })
  describePlace({ backend: 'tmux', provided: /^(TMUX|TMUX_PANE|TERM|SHELL)$/ })
  describeWith(UserManager, { backend: 'systemd' })
  describeWith(SlurmCluster, { backend: 'slurm', provided: /^(SLURM|ENVIRONMENT$|HOSTNAME$|TMPDIR$)/ })
}

/** The same with a process manager of our own, where there can be one. */
function describeWith(Manager: typeof UserManager | typeof SlurmCluster, place: Place): void {
  const refusal = Manager.refuse()
  if (refusal !== undefined) test.skip(`${place.backend}: ${refusal}`, () => {})
  else
    describe(place.backend, () => {
      const manager = new Manager()
      beforeAll(() => manager.start())
      afterAll(() => manager.stop())
      describePlace({ ...place, environment: manager.environment })
    })
}

describe('what else a command is given', () => {
  const pool = new TestPool()
  afterAll(() => pool.dispose())

  test('the words of "spmi run" are those of the command', async () => {
    const random = new Random(112)
    const lies: unknown[] = []
    for (let round = 0; round < extent(5, 40); round++) {
      const words = Array.from({ length: 50 }, () => drawText(random))
      const argv = ['sh', '-c', 'cat /proc/$$/cmdline; :', 'sh', ...words]
      const { status } = await pool.spmi('run', '--foreground', `--id=words-${round}`, '--', ...argv)
      expect(status).toBe(0)
      const got = readFileSync(join(pool.runDirectory(`words-${round}`), 'stdout'), 'utf8')
      const expected = argv.map(word => `${word}\0`).join('')
      if (got !== expected) lies.push([seed, round, got, expected])
      count('inputs', words.length)
    }
    expectNone('lies', lies)
  })

  test('the command of a descriptor is given to its shell as it is', async () => {
    const random = new Random(114)
    const shell = ['sh', '-c', 'cat /proc/$$/cmdline; :']
    const commands = Array.from({ length: extent(50, 300) }, () => drawText(random) || 'x')
    const paths = commands.map((command, index) => {
      const task = { id: `command-${index}`, wrapper: { command, shell, stdin: 'null' } }
      return pool.write(`command-${index}.json`, JSON.stringify({ task }))
    })
    for (const argv of [
      ['load', ...paths],
      ['start', 'command-.*'],
      ['wait', 'command-.*'],
    ])
      expect([argv[0], (await pool.spmi(...argv)).status]).toEqual([argv[0], 0])
    const lies = commands.flatMap((command, index) => {
      const words = readFileSync(join(pool.runDirectory(`command-${index}`), 'stdout'), 'utf8')
        .split('\0')
        .slice(0, -1)
      // A space before it keeps it from being taken for an option.
      const expected = [...shell, /^[-+]/.test(command) ? ` ${command}` : command]
      return Bun.deepEquals(words, expected) ? [] : [[seed, command, words]]
    })
    count('inputs', commands.length)
    expectNone('lies', lies)
  })

  test('the bytes of env_file are those of the variables, and a NUL in it is refused', async () => {
    const random = new Random(113)
    const lies: string[] = []
    for (let round = 0; round < extent(2, 10); round++) {
      const drawn = Array.from(
        { length: 200 },
        (_, index) => [`F${index}`, drawBytes(random, 40).replaceAll(/['\r]/g, '')] as const,
      )
      const variables = new Map(drawn)
      const path = join(pool.folder, `variables-${round}`)
      writeFileSync(
        path,
        `\xef\xbb\xbf${drawn.map(([name, value]) => `${name}='${value}'\n`).join('')}`,
        'latin1',
      )
      const id = `file-${round}`
      await pool.load(id, { command: 'cat /proc/self/environ', env_file: path, stdin: 'null' })
      expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
      expect(await pool.spmi('wait', id)).toMatchObject({ status: 0 })
      const got = parseVariables(readFileSync(join(pool.runDirectory(id), 'stdout'), 'latin1'))
      lies.push(...compare(got, variables, name => !/^F\d/.test(name)))
      count('inputs', drawn.length)
    }
    expectNone('lies', lies)
    await pool.load('nul', { command: 'true', env_file: pool.write('nul', 'A="x\0y"\n') })
    const { status, stderr } = await pool.spmi('start', 'nul')
    expect(status).toBe(1)
    expect(stderr).toContain('cannot be read: line 1 holds a NUL character')
  })

  test('an environment that no process can have is a start that fails, and not half of one', async () => {
    const values = Array.from({ length: 40 }, (_, index) => [`V${index}`, 'x'.repeat(120_000)] as const)
    const environment = { ...pool.environment, ...Object.fromEntries(values) }
    const library = await Pool.open({ path: pool.path, environment })
    await pool.load('large', { command: 'true' })
    const { failed } = await library.start(['large'])
    expect(failed.map(({ error }) => [error.code, error.message])).toEqual([
      [
        expect.stringMatching(/^(system|start-failed)$/),
        expect.stringContaining('cannot start manageable "large"'),
      ],
    ])
    expect((await pool.spmi('status', 'large')).stdout).toContain('Active: inactive')
    count('inputs', values.length)
  })
})

/** A text of what is trouble, and valid. */
function drawText(random: Random): string {
  return toText(Buffer.from(drawBytes(random, 30), 'latin1')).toWellFormed()
}
