/** An id is the name of one directory of the pool, or is refused; a pattern selects whole ids, never the wrong one, and in linear time. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { escapePattern } from '../../src/core/escape-pattern.ts'
import { ID_PATTERN, refuseId } from '../../src/core/id.ts'
import { PatternMatcher } from '../../src/core/pattern.ts'
import { SpmiError } from '../../src/errors.ts'
import { PoolStore } from '../../src/store/pool-store.ts'
import { TestPool } from '../support/spmi.ts'
import { extent } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'
import { Random, seed } from './support/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'spmi-ids-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PIECES = [
  ...[
    'a',
    'b',
    'Z',
    '0',
    '9',
    '_',
    '-',
    '.',
    '..',
    '/',
    '//',
    '\\',
    '~',
    '$HOME',
    '*',
    '?',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '^',
    '|',
    '+',
  ],
  ...[
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\x1b[31m',
    '\x7f',
    '\x85',
    '\u202e',
    '\u2028',
    '\ufeff',
    '\u00a0',
    'é',
    'e\u0301',
    '日本',
    '🦊',
    '\ud83e',
    '\udd8a',
  ],
  ...[
    '%2e%2e%2f',
    '%s',
    "'",
    '"',
    '`',
    ';',
    '&',
    '#',
    '!',
    '=',
    ':',
    ',',
    '@',
    '.spmi',
    '.new-1-2',
    'x'.repeat(60),
    'ü'.repeat(40),
  ],
]

function drawId(random: Random): string {
  const pieces = Array.from({ length: 1 + random.below(6) }, () =>
    random.below(5) === 0 ? String.fromCharCode(random.below(0x10000)) : random.pick(PIECES),
  )
  return pieces.join('')
}

describe('ids', () => {
  test('what is accepted is the name of a directory right in the pool, and no other name', () => {
    const random = new Random(300)
    const store = PoolStore.at('pool', folder)
    const wrong: unknown[] = []
    const accepted: string[] = []
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const id = drawId(random)
      const isAccepted = refuseId(id) === undefined
      const path = store.directoryOf(id)
      const isSafe = resolve(store.path, id) === path && basename(path) === id && !id.startsWith('.')
      const isName = !id.includes('\0') && Buffer.from(id).toString() === id && Buffer.byteLength(id) <= 255
      if (isAccepted && !(isSafe && isName)) wrong.push([seed, id])
      if (isAccepted !== (ID_PATTERN.test(id) && id.isWellFormed() && Buffer.byteLength(id) <= 200))
        wrong.push([seed, id, 'ID_PATTERN'])
      if (isAccepted) accepted.push(id)
      count('inputs')
    }
    expectNone('lies', wrong)
    const sample = [...new Set(accepted)].slice(0, 300)
    for (const id of sample) mkdirSync(store.directoryOf(id), { recursive: true })
    expect(readdirSync(store.path).toSorted()).toEqual(sample.toSorted())
    expect(readdirSync(folder)).toEqual(['pool'])
  })

  test('an escaped id selects itself, and nothing else', () => {
    const random = new Random(301)
    const ids = new Set<string>()
    while (ids.size < 200) {
      const id = drawId(random)
      if (refuseId(id) === undefined) ids.add(id)
    }
    const all = [...ids]
    const wrong = all.flatMap(id => {
      const matcher = new PatternMatcher([escapePattern(id)])
      const near = [...id].map((_, at) => [...id].with(at, 'x').join('')).filter(other => other !== id)
      const selected = [...all, ...near].filter(other => matcher.match(other).length > 0)
      count('inputs')
      return selected.length === 1 && selected[0] === id ? [] : [[seed, id, selected]]
    })
    expectNone('innocents hit', wrong)
  })
})

const ATOMS = [
  'a',
  'b',
  'c',
  '-',
  '_',
  '1',
  'é',
  '🦊',
  '.',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '[^-_]',
  '\\d',
  '\\w',
  '\\W',
  '\\.',
  '\\+',
  '\\b',
  '^',
  '$',
]
const LETTERS = ['a', 'b', 'c', '-', '_', '1', 'é', '🦊', '.', '+']

/** A pattern that JavaScript and RE2 both know. */
function drawPattern(random: Random, depth: number): string {
  if (depth === 0) return random.pick(ATOMS)
  const inner = () => drawPattern(random, depth - 1)
  const ways = [
    () => inner() + inner(),
    () => inner() + inner(),
    () => `(${inner()}|${inner()})`,
    () => `(?:${inner()})${random.pick(['*', '+', '?', '{2}', '{1,3}', '*?', '+?', '??'])}`,
    () => `(${inner()})`,
    inner,
  ]
  return random.pick(ways)()
}

describe('patterns', () => {
  test('those that JavaScript knows as well select the same ids', () => {
    const random = new Random(302)
    const wrong: unknown[] = []
    let matched = 0
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const pattern = drawPattern(random, 1 + random.below(4))
      const expected = new RegExp(`^(?:${pattern})$`, 'u')
      const matcher = new PatternMatcher([pattern])
      for (let each = 0; each < 8; each++) {
        const id = Array.from({ length: 1 + random.below(7) }, () => random.pick(LETTERS)).join('')
        const isMatch = matcher.match(id).length > 0
        if (isMatch) matched++
        if (isMatch !== expected.test(id)) wrong.push([seed, pattern, id, isMatch])
      }
      count('inputs')
    }
    expect(matched).toBeGreaterThan(extent(200, 4000)) // else it shows nothing
    expectNone('innocents hit', wrong.slice(0, 10))
  })

  test('anything else is a pattern too, or wrong usage', () => {
    const random = new Random(303)
    const pieces = [
      ...ATOMS,
      ...PIECES,
      '(',
      ')',
      '(?',
      '(?i)',
      '(?P<n>',
      '(?<=',
      '\\1',
      '\\pL',
      '\\p{Greek}',
      '\\x{10FFFF}',
      '\\Q',
      '\\E',
      '{1000}',
      '{,3}',
      '{2,1}',
      '[[:alpha:]]',
      '[z-a]',
      '\\C',
      '**',
    ]
    const wrong: unknown[] = []
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const pattern = Array.from({ length: random.below(10) }, () => random.pick(pieces)).join('')
      const begin = process.cpuUsage()
      try {
        new PatternMatcher([pattern]).match('a'.repeat(200))
      } catch (error) {
        if (!(error instanceof SpmiError && error.code === 'usage')) wrong.push([seed, pattern, error])
      }
      const { user, system } = process.cpuUsage(begin)
      if (user + system > 1e6) wrong.push([seed, pattern, 'took too long'])
      count('inputs')
    }
    expectNone('lies', wrong)
  })

  test('none hangs the program, which takes less than two seconds of processor time', async () => {
    const pool = new TestPool()
    const HOSTILE = [
      ...[
        '(a+)+$',
        '(a|a)*b',
        '(a*)*b',
        '(.*a){20}b',
        '(x+x+)+y',
        '(a|aa)+$',
        '(.*)*'.repeat(500),
        '.*'.repeat(2000),
        '(|a)*'.repeat(2000),
      ],
      ...[
        '(.{1,30}){1,30}b',
        'a{1000}'.repeat(20),
        '((a{0,100}){0,100}){0,100}',
        '\\p{L}{1000}',
        '(a?){500}a{500}',
        '.*a.{0,900}b',
      ],
      ...[
        '('.repeat(5000),
        `${'('.repeat(900)}a${')*'.repeat(900)}`,
        '|'.repeat(50_000),
        '[a-z]'.repeat(10_000),
        'x'.repeat(100_000),
      ],
    ]
    try {
      for (const name of ['a'.repeat(200), `${'ab'.repeat(99)}!`, 'aé'.repeat(60)])
        await pool.load(name, { command: 'true' })
      const wrong: unknown[] = []
      let slowest = 0
      for (const pattern of HOSTILE)
        for (const command of ['status', 'start --dry-run'].slice(0, extent(1, 2))) {
          const argv = [join(import.meta.dir, '../../dist/spmi'), ...command.split(' '), '--', pattern]
          const { exitCode, resourceUsage } = Bun.spawnSync(argv, { env: pool.environment, timeout: 60_000 })
          const milliseconds = Number(resourceUsage.cpuTime.total) / 1000
          slowest = Math.max(slowest, milliseconds)
          if (exitCode === null || exitCode > 2 || milliseconds > 2000)
            wrong.push([pattern.slice(0, 40), exitCode, milliseconds])
          count('inputs')
        }
      measured('the slowest command with a hostile pattern', `${Math.round(slowest)} ms of processor time`)
      expectNone('lies', wrong)
    } finally {
      await pool.dispose()
    }
  })
})
