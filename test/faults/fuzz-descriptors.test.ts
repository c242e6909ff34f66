/** Whatever a descriptor says, it is loaded as it is, or refused in words that help; at once, and with little memory. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify as writeToml } from 'smol-toml'
import { stringify as writeYaml } from 'yaml'
import { type Descriptor, readDescriptor, toRecord } from '../../src/core/descriptor.ts'
import { SpmiError } from '../../src/errors.ts'
import { manageableClasses } from '../../src/manageables/index.ts'
import { Pool } from '../../src/pool.ts'
import { PoolStore } from '../../src/store/pool-store.ts'
import { isValid } from '../unit/schema-oracle.ts'
import { extent } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Random, seed } from './support/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'spmi-descriptors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const store = PoolStore.at('pool', folder)

type Table = Record<string, unknown>

/** Descriptors that say everything that one can say. */
const WHOLE: readonly Table[] = [
  {
    task: {
      ...{ id: 'whole', comment: 'é "quoted" \\ \t end', keep_runs: 3 },
      backend: { type: 'native' },
      wrapper: {
        ...{ type: 'default', command: 'echo \'a\' "$B" # c\nsecond line', mixed_stdout: true, cwd: '/usr' },
        ...{
          env: { A: 'x', B: 1.5, C: true, __proto__X: '' },
          env_file: ['/a', '/b'],
          shell: ['bash', '-lc'],
        },
        ...{ stdin: 'null', stop_signal: ['SIGINT', 'SIGKILL'], stop_timeout: 2.5 },
      },
    },
  },
  {
    task: {
      ...{ id: 'job', comment: '', keep_runs: 1 },
      backend: {
        ...{
          type: 'slurm',
          partition: 'p,q',
          time: '1-12:00:00',
          nodes: 2,
          tasks: 3,
          cpus_per_task: 4,
          memory: '4G',
        },
        ...{ gpus: 'a100:2', account: 'a', qos: 'q', job_name: 'j', requeue: true, setup: ['module load x'] },
        options: ['--exclusive'],
      },
      wrapper: {
        type: 'default',
        command: 'true',
        stdin: '/dev/null',
        stop_signal: 'SIGTERM',
        env_file: '/e',
      },
    },
  },
  {
    task: {
      id: 'on a terminal',
      backend: { type: 'systemd', manager: 'user' },
      wrapper: { type: 'terminal', command: 'top', columns: 132, rows: 50, stop_signal: ['SIGHUP'] },
    },
  },
]

/** Values that some key, or some parser, may not be ready for. */
const VALUES: readonly unknown[] = [
  ...[
    '',
    ' ',
    'x',
    '-',
    '.',
    '..',
    '~',
    '~/x',
    '/',
    'a/b',
    'null',
    'true',
    '1',
    '0x10',
    'SIGTERM',
    'sigterm',
    'fifo',
  ],
  ...[
    'a\0b',
    'a\nb',
    '\r\n',
    '\ufeff',
    '\u2028',
    '\x1b[2J',
    '\x7f',
    '\ud800',
    'x\udc80',
    '🦊',
    'x'.repeat(300),
    '${HOME}',
  ],
  ...[
    '<<',
    '*a',
    '&a',
    '!!js',
    '---',
    '...',
    '# x',
    "'",
    '"""',
    "'''",
    '{{',
    '2026-01-01',
    '12:30:00',
    '1_000',
    '.inf',
  ],
  ...[0, 1, -1, 1.5, 1e21, 1e-7, 2 ** 53, 2 ** 53 - 1, -(2 ** 63), 65_536, 1e6, 1_000_001, 1e308],
  ...[
    true,
    false,
    [],
    {},
    [[]],
    [''],
    ['a', 1],
    ['SIGINT', 'SIGINT'],
    { type: 'native' },
    { a: { b: { c: 1 } } },
  ],
]

const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'type',
  'id',
  '',
  ' ',
  'a.b',
  'é',
  '<<',
  'command',
  'x',
  '$schema',
]

/** A copy without and with something, somewhere. */
function mutate(random: Random, whole: Table): Table {
  const copy = structuredClone(whole)
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const tables: Table[] = []
    const collect = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return
      tables.push(value as Table)
      for (const each of Object.values(value)) collect(each)
    }
    collect(copy)
    const table = random.pick(tables)
    const keys = Object.keys(table)
    const key = random.below(4) === 0 || keys.length === 0 ? random.pick(KEYS) : random.pick(keys)
    if (random.below(6) === 0) delete table[key]
    else if (Array.isArray(table)) table.push(structuredClone(random.pick(VALUES)))
    else define(table, key, structuredClone(random.pick(VALUES)))
  }
  return copy
}

/** `__proto__` as well is a key like others. */
function define(table: Table, key: string, value: unknown): void {
  Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true })
}

/** What came of a descriptor: what is loaded, or the words of the refusals. */
type Result = Descriptor | readonly string[]

/** Reads a descriptor. @returns besides what is wrong with what came of it */
async function read(
  name: string,
  content: string | Uint8Array,
): Promise<{ result: Result; wrong: string[] }> {
  const path = join(folder, name)
  writeFileSync(path, content)
  const begin = process.cpuUsage()
  const { result, wrong } = await attempt(name)
  const { user, system } = process.cpuUsage(begin)
  count('inputs')
  if (user + system > 1e6) wrong.push(`took ${user + system} µs`)
  return {
    result,
    wrong: wrong.map(
      text => `seed ${seed}: ${name}: ${JSON.stringify(String(content).slice(0, 1000))}: ${text}`,
    ),
  }
}

async function attempt(name: string): Promise<{ result: Result; wrong: string[] }> {
  try {
    const descriptor = await readDescriptor(name, folder, '/home/somebody', manageableClasses, store)
    let isText = true // and not half of a character, which no other file could hold
    const stored: unknown = JSON.parse(toRecord(descriptor), (_, value: unknown) => {
      if (typeof value === 'string' && !value.isWellFormed()) isText = false
      return value
    })
    const same = isText && Bun.deepEquals(stored, { [descriptor.type]: plain(descriptor.table) }, true)
    return { result: descriptor, wrong: same ? [] : ['is stored as something else'] }
  } catch (error) {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
    const wrong = errors.flatMap(each => {
      if (!(each instanceof SpmiError)) return [`threw ${each instanceof Error ? each.stack : String(each)}`]
      const isPlaced = each.code === 'descriptor' && /^[\w.]+(:\d+)?: /.test(each.message)
      return isPlaced ? [] : [`is refused with ${each.code}: ${each.message}`]
    })
    if (errors.length > 21) wrong.push(`is refused in ${errors.length} errors`)
    return { result: errors.map(each => (each as Error).message), wrong }
  }
}

/** A value without what JSON has no words for: prototypes, undefined, -0. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.map(([key, each]) => [key, plain(each)]))
}

const isAccepted = (result: Result): result is Descriptor => !Array.isArray(result)

/** What a schema cannot know: limits in bytes, the types of plug-ins, valid Unicode, numbers that cannot be kept. */
const BEYOND_SCHEMAS =
  /unknown \w+ type|valid Unicode|longer than 200 bytes|cannot be kept|TomlDate|not \d{4}-/

/** Compares what the JSON Schema says with what `load` does. */
async function ask(name: string, content: string, result: Result): Promise<string[]> {
  const valid = await isValid(name, content)
  if (isAccepted(result)) return valid === false ? [`seed ${seed}: the schema refuses ${content}`] : []
  const isKnown =
    valid === true && !result.some(words => BEYOND_SCHEMAS.test(words) || words.includes('syntax error'))
  return isKnown ? [`seed ${seed}: the schema takes ${content}, of which is said ${result.join('; ')}`] : []
}

describe('descriptors', () => {
  test('in TOML, YAML and JSON the same content is the same task, or the same refusal', async () => {
    const random = new Random(200)
    const wrong: string[] = []
    let accepted = 0
    for (let left = extent(330, 6_700); left > 0; left--) {
      const content = mutate(random, random.pick(WHOLE))
      const texts = {
        'd.json': JSON.stringify(content),
        'd.yaml': writeYaml(content),
        'd.toml': tryToml(content),
      }
      const tables: unknown[] = []
      for (const [name, text] of Object.entries(texts)) {
        if (text === undefined) continue
        const { result, wrong: found } = await read(name, text)
        wrong.push(...found, ...(await ask(name, text, result)))
        tables.push(isAccepted(result) ? result.table : 'refused')
        if (isAccepted(result)) wrong.push(...differences(content, result))
      }
      if (!tables.every(table => Bun.deepEquals(table, tables[0])))
        wrong.push(`seed ${seed}: differs: ${JSON.stringify(content)}`)
      if (tables[0] !== 'refused') accepted++
    }
    expectNone('lies', wrong.slice(0, 10))
    expect(accepted).toBeGreaterThan(extent(10, 200)) // else it shows nothing
  }, 600_000)

  test('a text that was damaged is refused with its place, or says what it says', async () => {
    const random = new Random(201)
    const texts = [
      ...['cal.toml', 'echo.json', 'monitor.yaml'].map(name =>
        readFileSync(resolve(import.meta.dir, '../../examples', name), 'utf8'),
      ),
      ...WHOLE.flatMap(content => [
        JSON.stringify(content, undefined, 2),
        writeYaml(content),
        tryToml(content) ?? '',
      ]),
    ]
    const wrong: string[] = []
    for (let left = extent(600, 12_000); left > 0; left--) {
      const name = `d.${random.pick(['toml', 'yaml', 'json', 'yml'])}`
      wrong.push(...(await read(name, damage(random, random.pick(texts)))).wrong)
    }
    expectNone('lies', wrong.slice(0, 10))
  }, 600_000)

  test('"check" and "load" agree, and what is stored is what was given', async () => {
    const random = new Random(202)
    const wrong: unknown[] = []
    const pool = await Pool.open({ path: join(folder, 'pool') })
    for (let round = 0; round < extent(100, 2_000); round++) {
      const content = mutate(random, random.pick(WHOLE))
      const text = JSON.stringify(content)
      const path = join(folder, 'both.json')
      writeFileSync(path, text)
      const { errors, descriptors } = await pool.check([path])
      const isTaken = descriptors.some(({ isLoaded }) => isLoaded)
      const loaded = await pool.load([path]).catch((error: unknown) => error as Error)
      count('inputs')
      if (Array.isArray(loaded) !== (errors.length === 0 && !isTaken))
        wrong.push([seed, text, errors, loaded])
      if (!Array.isArray(loaded)) continue
      const [{ id = '' } = {}] = loaded
      const { descriptor } = await pool.show(id, 'reveal')
      if (descriptor.text !== text) wrong.push([seed, text, descriptor.text])
      if (!readdirSync(pool.path).includes(id)) wrong.push([seed, 'is not a directory of the pool', id])
    }
    expect(readdirSync(folder).filter(name => !/^[db]\w*\.\w+$|^pool$/.test(name))).toEqual([]) // nothing left the pool
    expectNone('lies', wrong.slice(0, 10))
  }, 600_000)
})

/** The content in TOML; undefined where TOML cannot say it, or its writer would say something else. */
function tryToml(content: Table): string | undefined {
  if (/\\ud[89a-f]/.test(JSON.stringify(content))) return undefined
  try {
    return writeToml(content)
  } catch {
    return undefined
  }
}

/** What of a content was loaded as something else: texts, flags and numbers stay what they are, wherever they stand. */
function differences(content: Table, { table }: Descriptor): string[] {
  const given = content.task as Table
  const parts = [
    ...[
      [given, table],
      [given.backend ?? {}, table.backend],
      [given.wrapper ?? {}, table.wrapper],
    ],
  ] as [Table, Table][]
  return parts.flatMap(([from, to]) =>
    Object.entries(from).flatMap(([key, value]) => {
      if (typeof value === 'object' && !Array.isArray(value))
        return key === 'env' ? compareVariables(value as Table, to.env as Table) : []
      const isPath = ['cwd', 'env_file', 'stdin'].includes(key)
      const expected = ['stop_signal', 'env_file'].includes(key) ? [value].flat() : value
      return isPath || Bun.deepEquals(to[key], expected)
        ? []
        : [`seed ${seed}: ${key}: ${JSON.stringify([value, to[key]])}`]
    }),
  )
}

function compareVariables(from: Table, to: Table): string[] {
  const expected = Object.entries(from).map(([name, value]) => [name, String(value)])
  return Bun.deepEquals(Object.entries(to), expected)
    ? []
    : [`seed ${seed}: env: ${JSON.stringify([from, to])}`]
}

const PIECES = [
  ...[
    '"',
    "'",
    '"""',
    '\\',
    '\\u',
    '\\ud800',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '=',
    '.',
    '#',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '  ',
  ],
  ...[
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!set ',
    '!foo ',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '|\n',
    '>-\n',
    '? ',
    '- ',
    '~',
    'null',
  ],
  ...[
    '__proto__',
    '\ufeff',
    '\0',
    '\x1b',
    '1e400',
    'nan',
    '-0',
    '0x',
    '99999999999999999999',
    '2026-01-01',
    '"$schema": "x",',
  ],
]

/** A text with some bytes more, less, or others. */
function damage(random: Random, text: string): Uint8Array {
  let bytes = Buffer.from(text)
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(bytes.length + 1)
    const until = Math.min(bytes.length, at + random.below(12))
    const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)]
    const ways = [
      () => [before, Buffer.from(random.pick(PIECES)), bytes.subarray(at)],
      () => [before, after],
      () => [before, cut, cut, after],
      () => [before, Buffer.of(random.below(256)), bytes.subarray(at + 1)],
      () => [before],
      () => [after, before],
    ]
    // Whole files in other encodings are rarer than a slip of the finger.
    bytes =
      random.below(60) === 0 ? Buffer.from(bytes.toString(), 'utf16le') : Buffer.concat(random.pick(ways)())
  }
  return bytes
}
