/** Whatever words the program is given, it does what they say, or says what is wrong with them; it never fails by a bug. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { COMMANDS } from '../../src/cli/commands.ts'
import { OPTIONS } from '../../src/cli/options.ts'
import { parse } from '../../src/cli/parse.ts'
import { hideInDescriptor } from '../../src/core/secrets.ts'
import { parseValue } from '../../src/core/syntax.ts'
import { SpmiError } from '../../src/errors.ts'
import { ARTIFACTS, runProgram, TestPool } from '../support/spmi.ts'
import { extent } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Random, seed } from './support/random.ts'

const NAMES = COMMANDS.map(({ name }) => name)
const OPTION_NAMES = [
  ...new Set([OPTIONS, ...COMMANDS.map(({ options }) => options ?? {})].flatMap(table => Object.keys(table))),
]

const WORDS = [
  ...[
    '',
    ' ',
    '-',
    '--',
    '---',
    '-h',
    '-V',
    '-n',
    '-n5',
    '-n-1',
    '-fn',
    '-f',
    '-1',
    '--=',
    '--=x',
    '--json=',
    '--debug=no',
    '--lines',
    '-x',
  ],
  ...[
    '.*',
    'a',
    '(',
    '[',
    '\\',
    '__proto__',
    'constructor',
    '--__proto__',
    '--constructor',
    '--__proto__=1',
    '--hasOwnProperty',
  ],
  ...[
    'a\nb',
    '\x1b[2J',
    '\ud800',
    '🦊',
    'x'.repeat(5000),
    '1e400',
    'NaN',
    '-0',
    '0x10',
    '2026-01-01',
    'key=value',
    '=',
    'a=',
    '=b',
  ],
  ...['../x', '/', '.', '/dev/null', '/nonexistent/x.toml', '%s%n', "'", '"', '$(exit 3)', '`', '*', '~'],
]

/** A command line in which something may be right. */
function drawWords(random: Random): string[] {
  return Array.from({ length: random.below(7) }, (_, index) => {
    if (index === 0 && random.below(3) > 0) return random.pick(NAMES)
    const ways = [
      () => random.pick(WORDS),
      () => `--${random.pick(OPTION_NAMES)}`,
      () => `--${random.pick(OPTION_NAMES)}=${random.pick(WORDS)}`,
      () => random.pick(NAMES),
      () => String.fromCharCode(...Array.from({ length: random.below(6) }, () => 1 + random.below(0xd700))),
    ]
    return random.pick(ways)()
  })
}

describe('words', () => {
  test('a command line is read, or is wrong usage', () => {
    const random = new Random(400)
    const wrong: unknown[] = []
    let read = 0
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const argv = drawWords(random)
      try {
        const { command, options, operands } = parse(argv, COMMANDS)
        read++
        const known = Object.keys({ ...OPTIONS, ...command?.options }).toSorted()
        if (Object.keys(options).toSorted().join() !== known.join()) wrong.push([seed, argv, options])
        // Of an unknown command nothing but the help can be asked for.
        if (command !== undefined && !operands.every(word => argv.includes(word)))
          wrong.push([seed, argv, operands])
      } catch (error) {
        if (!(error instanceof SpmiError && error.code === 'usage')) wrong.push([seed, argv, error])
      }
      count('inputs')
    }
    expect(read).toBeGreaterThan(extent(50, 1000)) // else it shows nothing
    expectNone('lies', wrong.slice(0, 10))
  })

  test('the program ends with a status of its table, and never with a bug', async () => {
    const random = new Random(401)
    const pool = new TestPool()
    afterAll(() => pool.dispose())
    await pool.load('a', { command: 'true', env: { TOKEN: 'hunter2' } })
    // What changes nothing outside the pool, and ends by itself.
    const harmless = NAMES.filter(
      name => !['edit', 'connect', 'doctor', 'new', 'run', 'start', 'restart', 'wait', 'logs'].includes(name),
    )
    const wrong: unknown[] = []
    for (let left = extent(40, 500); left > 0; left--) {
      const words = drawWords(random)
        .slice(1)
        .map(word => word.toWellFormed())
        .filter(word => !word.includes('\0') && !word.startsWith('--path'))
      const argv = [
        ...ARTIFACTS[left % 20 === 0 ? 'dist/cli.js' : 'dist/spmi'],
        random.pick(harmless),
        ...words,
      ]
      const { status, stdout, stderr } = await runProgram(argv, {
        environment: pool.environment,
        cwd: pool.folder,
        input: '',
      })
      const isGood = status !== null && status <= 2 && !/This is a bug|panic|Uncaught/.test(stdout + stderr)
      if (!isGood || (stdout + stderr).includes('\x1b'))
        wrong.push([seed, argv, status, stdout.slice(0, 300), stderr.slice(0, 500)])
      count('inputs')
    }
    expectNone('lies', wrong)
    expect(readdirSync(pool.folder).filter(name => !['pool', 'screens', 'a.json'].includes(name))).toEqual([])
  }, 600_000)

  test('values of --set are values of TOML, or the texts that they are', async () => {
    const random = new Random(402)
    const pieces = [
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '=',
      '1',
      '.5',
      'e9',
      'true',
      'nan',
      'a',
      '\n',
      '#',
      '-',
      '0x',
      '\\',
      '2026-01-01',
      '__proto__',
      ' ',
    ]
    const wrong: unknown[] = []
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const text = Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('')
      try {
        const value = await parseValue(text)
        if (typeof value === 'string' && value !== text && !/["']/.test(text)) wrong.push([seed, text, value])
      } catch (error) {
        wrong.push([seed, text, error])
      }
      count('inputs')
    }
    expectNone('lies', wrong.slice(0, 10))
  })

  test('what is secret in a descriptor is hidden however it is written, in linear time', () => {
    const random = new Random(403)
    const pieces = [
      'a',
      '-',
      '_',
      '"',
      "'",
      '"""',
      "'''",
      '=',
      ':',
      ' ',
      '\t',
      '\n',
      '\\',
      '{',
      '}',
      '[',
      ',',
      '#',
      'x: |\n  ',
    ]
    const wrong: unknown[] = []
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const noise = () => Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('')
      const secret = `hunter${random.below(1e6)}`
      const name = random.pick(['TOKEN', 'api-key', '--password', '1-secret', 'my.auth', 'x-COOKIE'])
      const sign = random.pick(['=', ' = ', ': '])
      const quote = random.pick(['"', "'", ''])
      const text = `${noise()}\n${name}${sign}${quote}${secret}${quote}\n${noise()}`
      const shown = hideInDescriptor(text, { task: { wrapper: { env: { TOKEN: secret } } } })
      if (shown.includes(secret)) wrong.push([seed, text, shown])
      count('inputs')
    }
    expectNone('lies', wrong.slice(0, 10))
    const begin = process.cpuUsage()
    for (const piece of [...pieces, 'a-', 'a=', 'a: "', 'a="\\', 'token="""'])
      hideInDescriptor(piece.repeat((128 << 10) / piece.length), {})
    expect(process.cpuUsage(begin).user).toBeLessThan(3e6)
  })
})
