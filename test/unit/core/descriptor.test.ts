import { describe, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync } from 'node:fs'
import * as fc from 'fast-check'
import { stringify as stringifyToml } from 'smol-toml'
import { stringify as stringifyYaml } from 'yaml'
import { type Descriptor, readDescriptor, toRecord } from '../../../src/core/descriptor.ts'
import { parseValue } from '../../../src/core/syntax.ts'
import { manageableClasses } from '../../../src/manageables/index.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'
import { useFolder } from '../folder.ts'
import { refusal, refusals } from '../refusal.ts'
import { isValid } from '../schema-oracle.ts'

const folder = useFolder()

function readFile(name: string): Promise<Descriptor> {
  const store = PoolStore.open('pool', folder.path)
  return readDescriptor(name, folder.path, '/home/somebody', manageableClasses, store)
}

/** Reads a descriptor; what is said of it, its JSON Schema must say too, as far as a schema can. */
async function read(name: string, content: string | Uint8Array): Promise<Descriptor> {
  folder.write(name, content)
  const isValidForEditors = typeof content === 'string' ? await isValid(name, content) : undefined
  try {
    const descriptor = await readFile(name)
    expect([name, isValidForEditors]).not.toEqual([name, false])
    return descriptor
  } catch (error) {
    const words = error instanceof AggregateError ? error.errors.map(String).join() : String(error)
    if (!BEYOND_SCHEMAS.test(words)) expect([words, isValidForEditors]).not.toEqual([words, true])
    throw error
  }
}

/** What no schema can know: the syntax of files, which types there are, limits in bytes, the dates of TOML. */
const BEYOND_SCHEMAS =
  /syntax error|unknown \w+ type|valid Unicode|cannot be kept|not a descriptor|is larger than|longer than 200 bytes|not \d{4}-|TomlDate/

/** The words of everything that is wrong with a descriptor. */
async function wrongs(name: string, content: string | Uint8Array): Promise<string[]> {
  const errors = await refusals(() => read(name, content))
  expect(errors.map(error => error.code)).toEqual(errors.map(() => 'descriptor'))
  return errors.map(error => error.message)
}

/** What is wrong with a TOML descriptor whose wrapper has a command and these lines. */
function wrongsOfWrapper(...lines: readonly string[]): Promise<string[]> {
  return wrongs('d.toml', ['[task]', 'id = "a"', '[task.wrapper]', 'command = "true"', ...lines].join('\n'))
}

/** The checked `[task.wrapper]` of a TOML descriptor that has a command and these lines. */
async function readWrapper(...lines: readonly string[]): Promise<Record<string, unknown>> {
  const text = ['[task]', 'id = "a"', '[task.wrapper]', 'command = "true"', ...lines].join('\n')
  const { table } = await read('d.toml', text)
  return table['wrapper'] as Record<string, unknown>
}

const GUIDE_TOML = `[task]                                      # type of manageable
id = "cal"                                  # ID of manageable
comment = "Prints calendar to stdout."      # comment

[task.backend]                              # backend section
type = "screen"                             # backend type

[task.wrapper]                              # wrapper section
type = "default"                            # type of wrapper
command = "cal"                             # command to start
mixed_stdout = true                         # mix stdout and stderr files or not
`
const GUIDE_YAML = `task:
    id: cal
    comment: Prints calendar to stdout.
    backend:
        type: screen
    wrapper:
        type: default
        command: cal
        mixed_stdout: true
`
const GUIDE_JSON = `{
    "task": {
        "id": "cal",
        "comment": "Prints calendar to stdout.",
        "backend": {
            "type": "screen"
        },
        "wrapper": {
            "type": "default",
            "command": "cal",
            "mixed_stdout": true
        }
    }
}
`

describe('the three formats', () => {
  test("the user guide's descriptors are read as they stand, and give the same record", async () => {
    const [toml, yaml, json] = [
      await read('descriptor.toml', GUIDE_TOML),
      await read('descriptor.yaml', GUIDE_YAML),
      await read('descriptor.json', GUIDE_JSON),
    ]
    expect(toml.type).toBe('task')
    expect(toml.table).toMatchObject({
      id: 'cal',
      comment: 'Prints calendar to stdout.',
      backend: { type: 'screen' },
      wrapper: { type: 'default', command: 'cal', mixed_stdout: true },
    })
    expect(toRecord(yaml)).toBe(toRecord(toml))
    expect(toRecord(json)).toBe(toRecord(toml))
    expect([toml.format, yaml.format, json.format]).toEqual(['toml', 'yaml', 'json'])
  })

  test('whatever a descriptor says, its formats give the same record', async () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter(value => !value.includes('\0') && value.isWellFormed())
    const filled = text.filter(value => value !== '')
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/)
    const task = fc.record({
      id: fc.stringMatching(/^[a-z0-9_][a-z0-9_. -]{0,20}$/),
      comment: text,
      wrapper: fc.record({
        command: filled,
        cwd: filled,
        mixed_stdout: fc.boolean(),
        shell: fc.array(text, { minLength: 1, maxLength: 3 }),
        env: fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true }),
        stop_timeout: fc.integer({ min: 0, max: 1000 }),
      }),
    })
    await fc.assert(
      fc.asyncProperty(task, async table => {
        const toml = await read('d.toml', stringifyToml({ task: table }))
        const yaml = await read('d.yaml', stringifyYaml({ task: table }))
        const json = await read('d.json', JSON.stringify({ task: table }))
        expect(toRecord(toml)).toBe(toRecord(json))
        expect(toRecord(yaml)).toBe(toRecord(json))
        expect((json.table['wrapper'] as { command: string }).command).toBe(table.wrapper.command)
        expect(json.table.comment).toBe(table.comment)
      }),
      { numRuns: 150 },
    )
  })

  test('the source is kept byte for byte', async () => {
    const { source } = await read('d.toml', GUIDE_TOML)
    expect(Buffer.from(source).toString()).toBe(GUIDE_TOML)
  })

  test('.yml is YAML, and the case of an ending does not matter', async () => {
    expect((await read('d.yml', GUIDE_YAML)).format).toBe('yaml')
    expect((await read('d.TOML', GUIDE_TOML)).format).toBe('toml')
  })

  test('a byte order mark is passed over', async () => {
    for (const [name, text] of [
      ['d.toml', GUIDE_TOML],
      ['d.yaml', GUIDE_YAML],
      ['d.json', GUIDE_JSON],
    ] as const)
      expect((await read(name, `\ufeff${text}`)).table.id).toBe('cal')
  })

  test('line ends of other systems do not matter', async () => {
    for (const [name, text] of [
      ['d.toml', GUIDE_TOML],
      ['d.yaml', GUIDE_YAML],
      ['d.json', GUIDE_JSON],
    ] as const)
      expect((await read(name, text.replaceAll('\n', '\r\n'))).table).toEqual((await read(name, text)).table)
  })
})

describe('what may be left out', () => {
  test('a command and an id suffice; the rest has defaults', async () => {
    const { table } = await read('d.toml', '[task]\nid = "a"\n[task.wrapper]\ncommand = "true"\n')
    expect(table).toEqual({
      id: 'a',
      comment: '',
      backend: { type: 'native' },
      wrapper: {
        type: 'default',
        command: 'true',
        mixed_stdout: false,
        cwd: folder.path,
        env: {},
        env_file: [],
        shell: ['sh', '-c'],
        stdin: 'fifo',
        stop_signal: ['SIGINT', 'SIGTERM'],
        stop_timeout: 10,
      },
    })
  })

  test("relative paths count from the descriptor's folder, and ~ is the home directory", async () => {
    mkdirSync(folder.join('deep'))
    folder.write(
      'deep/d.toml',
      '[task]\nid = "a"\n[task.wrapper]\ncommand = "true"\ncwd = "../x"\nenv_file = ["e", "~/f", "/g"]\nstdin = "in"',
    )
    expect((await readFile('deep/d.toml')).table['wrapper']).toMatchObject({
      cwd: folder.join('x'),
      env_file: [folder.join('deep/e'), '/home/somebody/f', '/g'],
      stdin: folder.join('deep/in'),
    })
    expect((await readWrapper('cwd = "~"'))['cwd']).toBe('/home/somebody')
  })

  test('values of env may be numbers and booleans, which become strings', async () => {
    expect((await readWrapper('env = { A = 1, B = true, C = "x" }'))['env']).toEqual({
      A: '1',
      B: 'true',
      C: 'x',
    })
  })

  test('one signal or one env_file may stand without a list', async () => {
    expect(await readWrapper('stop_signal = "SIGHUP"', 'env_file = "/e"')).toMatchObject({
      stop_signal: ['SIGHUP'],
      env_file: ['/e'],
    })
  })
})

describe('unknown keys', () => {
  test('are refused with the nearest right name, at every depth', async () => {
    expect(await wrongs('d.toml', '[task]\nid = "a"\ncoment = ""\n[task.wrapper]\ncommand = "x"')).toEqual([
      'd.toml: task.coment: unknown key; did you mean "comment"?',
    ])
    expect(await wrongsOfWrapper('mixed_stdot = true')).toEqual([
      'd.toml: task.wrapper.mixed_stdot: unknown key; did you mean "mixed_stdout"?',
    ])
    expect(await wrongsOfWrapper('[task.backend]', 'typ = "native"')).toEqual([
      'd.toml: task.backend.typ: unknown key; did you mean "type"?',
    ])
  })

  test('are refused with the list of right names when none is near', async () => {
    const [words] = await wrongsOfWrapper('xyzzy = true')
    expect(words).toStartWith('d.toml: task.wrapper.xyzzy: unknown key; the keys here are type, command, ')
    expect(words).toContain('stop_timeout')
  })

  test('are refused also when every object of the language has them', async () => {
    for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf']) {
      const json = `{"task": {"id": "a", ${JSON.stringify(key)}: {"x": 1}, "wrapper": {"command": "true"}}}`
      expect([key, (await wrongs('d.json', json))[0]]).toEqual([
        key,
        expect.stringMatching(/^d\.json:1: task\.\w+: unknown key/),
      ])
      const wrapper = `{"task": {"id": "a", "wrapper": {"command": "true", ${JSON.stringify(key)}: 1}}}`
      expect([key, (await wrongs('d.yaml', wrapper))[0]]).toEqual([
        key,
        expect.stringMatching(/^d\.yaml:1: task\.wrapper\.\w+: unknown key/),
      ])
      expect([key, (await wrongsOfWrapper(`"${key}" = 1`))[0]]).toEqual([
        key,
        expect.stringMatching(/^d\.toml: task\.wrapper\.\w+: unknown key/),
      ])
    }
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  // valibot's record() leaves these names out without a word, so the task would miss a variable.
  test('names of variables that every object of the language has are kept', async () => {
    for (const name of ['constructor', '__proto__', 'toString', 'prototype']) {
      const env = (await readWrapper(`env = { "${name}" = "x", B = "y" }`))['env'] as Record<string, string>
      expect([name, JSON.stringify(env)]).toEqual([name, `{"${name}":"x","B":"y"}`])
    }
  })
})

describe('wrong values', () => {
  test('wrong types are refused with what was expected', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['mixed_stdout = "yes"', 'mixed_stdout: must be boolean, not "yes"'],
      ['cwd = 1', 'cwd: must be string, not 1'],
      ['shell = "sh"', 'shell: must be list, not "sh"'],
      ['env = { A = [] }', 'env.A: must be a string, a number or a boolean'],
      ['env_file = 1', 'env_file: must be a path or a list of paths'],
      ['stdin = true', 'stdin: must be string, not true'],
      ['stop_timeout = "10"', 'stop_timeout: must be number, not "10"'],
      ['stop_timeout = nan', 'stop_timeout: must be number, not NaN'],
      ['stop_signal = 15', 'stop_signal: must be a signal or a list of signals'],
    ]
    for (const [line, words] of cases)
      expect([line, await wrongsOfWrapper(line)]).toEqual([line, [`d.toml: task.wrapper.${words}`]])
  })

  test('values that cannot be meant are refused', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['cwd = ""', 'cwd: must not be empty'],
      ['stdin = ""', 'stdin: must not be empty'],
      ['shell = []', 'shell: must name a program'],
      ['env = { "A B" = "x" }', 'env.A B: is not the name of a variable'],
      ['env = { A = "\\u0000" }', 'env.A: '],
      ['stop_timeout = -1', 'stop_timeout: must not be negative'],
      ['stop_timeout = inf', 'stop_timeout: is too long'],
      ['stop_signal = "SIGTRM"', 'stop_signal: unknown signal "SIGTRM"; did you mean "SIGTERM"?'],
      ['stop_signal = ["SIGINT", "TERM"]', 'stop_signal: unknown signal "TERM"; '],
      ['stop_signal = "xyzzy_plugh"', 'stop_signal: unknown signal "xyzzy_plugh"; the signals are SIGHUP, '],
      ['stop_signal = []', 'stop_signal: '],
      ['cwd = 1979-05-27', 'cwd: must be string, not '],
    ]
    for (const [line, words] of cases) {
      const [first = ''] = await wrongsOfWrapper(line)
      expect([line, first.slice(0, `d.toml: task.wrapper.${words}`.length)]).toEqual([
        line,
        `d.toml: task.wrapper.${words}`,
      ])
    }
  })

  // valibot takes every object for a table, so an empty list and a date pass for an empty one.
  test('a list or a date in the place of a table is refused', async () => {
    for (const text of ['env = []', 'env = 1979-05-27'])
      expect(await wrongsOfWrapper(text)).toEqual([expect.stringContaining(': must be table, not ')])
    expect(await wrongs('d.toml', '[task]\nid = "a"\nbackend = []\nwrapper = { command = "x" }')).toEqual([
      expect.stringContaining(': must be table, not '),
    ])
  })

  test('a command that holds a NUL is refused', async () => {
    expect(await wrongs('d.json', '{"task": {"id": "a", "wrapper": {"command": "a\\u0000b"}}}')).toEqual([
      'd.json:1: task.wrapper.command: must not hold a NUL character',
    ])
  })

  test('missing keys are named', async () => {
    expect(await wrongs('d.toml', '[task]\n[task.wrapper]\ncommand = "x"')).toEqual([
      'd.toml: task.id: this key is missing',
    ])
    expect(await wrongs('d.toml', '[task]\nid = "a"')).toEqual(['d.toml: task.wrapper: this key is missing'])
    expect(await wrongs('d.toml', '[task]\nid = "a"\n[task.wrapper]')).toEqual([
      'd.toml: task.wrapper.command: this key is missing',
    ])
  })

  test('everything that is wrong is said at once', async () => {
    expect(await wrongs('d.yaml', 'task:\n  id: .a\n  wrapper:\n    comand: x\n    cwd: 1\n')).toEqual([
      'd.yaml:2: task.id: must not begin with a "."',
      'd.yaml:4: task.wrapper.command: this key is missing',
      'd.yaml:5: task.wrapper.cwd: must be string, not 1',
      'd.yaml:4: task.wrapper.comand: unknown key; did you mean "command"?',
    ])
  })

  test('unsafe ids are refused with the reason, whatever the format', async () => {
    for (const id of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      '/etc',
      '-rf',
      'a\nb',
      'a\u0000',
      '\u009b',
      'x'.repeat(201),
    ]) {
      const task = { task: { id, wrapper: { command: 'true' } } }
      for (const [name, text] of [
        ['d.json', JSON.stringify(task)],
        ['d.yaml', stringifyYaml(task)],
        ['d.toml', stringifyToml(task)],
      ] as const)
        expect(await wrongs(name, text)).toEqual([
          expect.stringMatching(/^d\.\w+(:\d)?: task\.id: must not /),
        ])
    }
  })
})

describe('types', () => {
  test('an unknown backend, wrapper or manageable is named with its key, and the nearest that exists', async () => {
    expect(await wrongsOfWrapper('[task.backend]', 'type = "scren"')).toEqual([
      'd.toml: task.backend.type: unknown backend type "scren"; did you mean "screen"? (the backend types are "native", "screen", "slurm", "systemd", "tmux")',
    ])
    expect(await wrongsOfWrapper('type = "defalt"')).toEqual([
      'd.toml: task.wrapper.type: unknown wrapper type "defalt"; did you mean "default"? (the wrapper types are "default", "terminal")',
    ])
    expect(await wrongs('d.toml', '[tsk]\nid = "a"')).toEqual([
      'd.toml: tsk: unknown manageable type "tsk"; did you mean "task"? (the manageable types are "task")',
    ])
  })

  test('YAML and JSON know the line of an unknown type', async () => {
    expect(
      (await wrongs('d.yaml', 'task:\n  id: a\n  backend:\n    type: nope\n  wrapper: {command: x}\n'))[0],
    ).toStartWith('d.yaml:4: task.backend.type: unknown backend type "nope"')
  })

  test('a type that is not a name is refused like an unknown one', async () => {
    for (const type of ['', 'Screen', '../screen', 'a__b', '_a', 'constructor', '__proto__', 'é']) {
      const [words] = await wrongsOfWrapper('[task.backend]', `type = "${type}"`)
      expect(words).toStartWith(`d.toml: task.backend.type: unknown backend type "${type}"`)
    }
  })

  test('a type of the wrong type is refused', async () => {
    expect(await wrongsOfWrapper('[task.backend]', 'type = 1')).toEqual([
      'd.toml: task.backend.type: must be string, not 1',
    ])
    expect((await wrongs('d.toml', '[task]\nid = "a"\nbackend = "native"\nwrapper = 1')).sort()).toEqual([
      'd.toml: task.backend: must be table, not "native"',
      'd.toml: task.wrapper: must be table, not 1',
    ])
  })
})

describe('the top table', () => {
  test('two of them are refused', async () => {
    expect(await wrongs('d.toml', '[task]\nid = "a"\n[job]\n')).toEqual([
      'd.toml: one top table is allowed, but there are 2: task, job',
    ])
  })

  test('none is refused, in every format', async () => {
    for (const [name, text] of [
      ['d.toml', ''],
      ['d.toml', '# nothing\n'],
      ['d.json', '{}'],
      ['d.yaml', '{}'],
    ] as const)
      expect(await wrongs(name, text)).toEqual([
        `${name}: the descriptor is empty; it begins with one top table, such as [task]`,
      ])
  })

  test('what is not a table is refused', async () => {
    for (const [name, text] of [
      ['d.json', '[]'],
      ['d.json', 'null'],
      ['d.json', '1'],
      ['d.yaml', ''],
      ['d.yaml', '- task\n'],
      ['d.yaml', 'task'],
    ] as const)
      expect(await wrongs(name, text)).toEqual([`${name}: a descriptor is a table, such as [task]`])
    expect(await wrongs('d.toml', 'task = 1')).toEqual(['d.toml: "task" must be a table, such as [task]'])
    expect(await wrongs('d.toml', 'task = 1979-05-27')).toEqual([
      'd.toml: "task" must be a table, such as [task]',
    ])
    expect(await wrongs('d.yaml', 'task:\n')).toEqual(['d.yaml: "task" must be a table, such as [task]'])
  })

  test('one that is named like a property of every object is an unknown type', async () => {
    for (const type of ['constructor', '__proto__', 'toString'])
      expect((await wrongs('d.json', `{"${type}": {"id": "a"}}`))[0]).toStartWith(
        `d.json:1: ${type}: unknown manageable type "${type}"`,
      )
  })
})

describe('where the JSON Schema is', () => {
  test('may stand beside the top table, in every format, and is no part of the record', async () => {
    const plain = toRecord(await read('d.json', GUIDE_JSON))
    const address = 'https://example.org/descriptor.json'
    for (const [name, text] of [
      ['d.toml', `"$schema" = "${address}"\n${GUIDE_TOML}`],
      ['d.yaml', `$schema: ${address}\n${GUIDE_YAML}`],
      ['d.json', GUIDE_JSON.replace('{', `{ "$schema": "${address}",`)],
    ] as const)
      expect([name, toRecord(await read(name, text))]).toEqual([name, plain])
  })

  test('is a text, and no table', async () => {
    expect(await wrongs('d.json', '{"$schema": {}, "task": {}}')).toEqual([
      'd.json: "$schema" must be a string: where the JSON Schema is',
    ])
    expect(await wrongs('d.json', '{"$schema": "x"}')).toEqual([
      'd.json: the descriptor is empty; it begins with one top table, such as [task]',
    ])
  })
})

describe('syntax', () => {
  test('errors name the line', async () => {
    expect((await wrongs('d.toml', '[task]\nid = "a"\ncomment = \n'))[0]).toStartWith(
      'd.toml:3: syntax error: ',
    )
    expect((await wrongs('d.yaml', 'task:\n  id: a\n  wrapper: {\n'))[0]).toMatch(
      /^d\.yaml:[34]: syntax error: /,
    )
    expect((await wrongs('d.yaml', 'task:\n\tid: a\n'))[0]).toStartWith('d.yaml:2: syntax error: ')
    expect((await wrongs('d.json', '{\n  "task": {\n    "id": "a"\n    "comment": ""\n  }\n}'))[0]).toMatch(
      /^d\.json:[34]: syntax error: /,
    )
  })

  test('what is YAML but not JSON is refused in a JSON descriptor', async () => {
    expect((await wrongs('d.json', '{\n"task": {"id": a}}'))[0]).toStartWith('d.json: syntax error: ')
    expect((await wrongs('d.json', '// no comments\n{}'))[0]).toMatch(/^d\.json(:\d)?: syntax error: /)
  })

  test('a key that stands there twice is refused with its line', async () => {
    expect((await wrongs('d.toml', '[task]\nid = "a"\nid = "b"\n'))[0]).toStartWith(
      'd.toml:3: syntax error: ',
    )
    expect((await wrongs('d.toml', '[task]\nid = "a"\n[task]\n'))[0]).toStartWith('d.toml:3: syntax error: ')
    expect((await wrongs('d.yaml', 'task:\n  id: a\n  id: b\n'))[0]).toStartWith('d.yaml:3: syntax error: ')
    expect((await wrongs('d.json', '{"task": {\n"id": "a",\n"id": "b"}}'))[0]).toStartWith(
      'd.json:3: syntax error: ',
    )
  })

  test('several YAML documents in one file are refused', async () => {
    expect((await wrongs('d.yaml', `${GUIDE_YAML}---\n${GUIDE_YAML}`))[0]).toContain('syntax error: ')
  })

  test('aliases that grow without bound are refused, and quickly', async () => {
    const levels = 'bcdefghijk'.split('').map((name, index) => {
      const before = 'abcdefghij'[index]
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`
    })
    const begin = performance.now()
    expect((await wrongs('d.yaml', `a: &a ["lol"]\n${levels.join('\n')}\n`))[0]).toStartWith(
      'd.yaml: syntax error: ',
    )
    expect(performance.now() - begin).toBeLessThan(2000)
  })

  test('an alias that holds itself is refused', async () => {
    const [words] = await wrongs('d.yaml', 'task: &t\n  id: a\n  wrapper: *t\n')
    expect(words).toStartWith('d.yaml')
  })

  test('tables that are nested without measure are refused, not fatal', async () => {
    const depth = 100_000
    for (const [name, text] of [
      ['d.json', `{"task": ${'['.repeat(depth)}${']'.repeat(depth)}}`],
      ['d.yaml', `task: ${'['.repeat(depth)}${']'.repeat(depth)}`],
      ['d.toml', `task = ${'['.repeat(depth)}${']'.repeat(depth)}`],
    ] as const)
      expect((await wrongs(name, text))[0]).toStartWith(name)
  })
})

describe('the file', () => {
  test('one that is not there, not readable as a file or has another ending is refused', async () => {
    mkdirSync(folder.join('dir.toml'))
    expect((await refusal(() => readFile('gone.toml'))).message).toBe('gone.toml: no such file')
    expect((await refusal(() => readFile('dir.toml'))).message).toStartWith('dir.toml: cannot be read: ')
    expect((await refusal(() => read('d.ini', ''))).message).toBe(
      'd.ini: not a descriptor: its name ends with none of .toml, .yaml, .yml, .json',
    )
    expect((await refusal(() => readFile('gone.toml/x.toml'))).code).toBe('descriptor')
  })

  test('one that is not UTF-8 is refused', async () => {
    for (const name of ['d.toml', 'd.yaml', 'd.json'])
      expect(await wrongs(name, Uint8Array.of(0x22, 0xff, 0x22))).toEqual([`${name}: is not UTF-8 text`])
    expect(await wrongs('d.toml', Buffer.from(`\ufeff${GUIDE_TOML}`, 'utf16le'))).toEqual([
      'd.toml: is not UTF-8 text',
    ])
  })

  test('one of 128 KiB is read, one byte more is refused', async () => {
    const text = `${GUIDE_TOML}#`
    expect((await read('d.toml', text.padEnd(128 << 10, 'x'))).table.id).toBe('cal')
    expect(await wrongs('d.toml', text.padEnd((128 << 10) + 1, 'x'))).toEqual([
      'd.toml: is larger than 131072 bytes',
    ])
  })

  test('one that never ends is refused', async () => {
    symlinkSync('/dev/zero', folder.join('zero.toml'))
    expect((await refusal(() => readFile('zero.toml'))).message).toBe(
      'zero.toml: is larger than 131072 bytes',
    )
  })

  test('its name stands in messages as the user wrote it', async () => {
    mkdirSync(folder.join('deep'))
    folder.write('deep/d.toml', '')
    expect((await refusal(() => readFile('./deep/d.toml'))).message).toStartWith('./deep/d.toml: ')
  })
})

describe('a value on the command line', () => {
  test('is what TOML makes of it', async () => {
    const values: readonly (readonly [string, unknown])[] = [
      ['2', 2],
      ['1.5', 1.5],
      ['true', true],
      ['"2"', '2'],
      ["'a b'", 'a b'],
      ['["--x", "--y=1"]', ['--x', '--y=1']],
      ['', ''],
    ]
    for (const [text, value] of values) expect([text, await parseValue(text)]).toEqual([text, value])
  })

  test('is a string as it stands where TOML makes nothing of it, or a date, or more than one value', async () => {
    const texts = ['long', 'a b', '1:30', '01:30:00', '2026-01-01', '1-00:00:00', '"open', '4G', 'x\ny = 1']
    for (const text of [...texts, '1\nother = 2', '1\n[table]', '12345678901234567890', '\u0000', '日本'])
      expect([text, await parseValue(text)]).toEqual([text, text])
  })
})

describe('what no file, or no parser, can keep', () => {
  test('half of a character is refused where it stands, also as the name of a key', async () => {
    const json = (rest: string) => `{"task": {"id": "a", "wrapper": {"command": "true", ${rest}}}}`
    expect(await wrongs('d.json', json('"shell": ["sh", "\\ud800"]'))).toEqual([
      'd.json:1: task.wrapper.shell.1: must be valid Unicode',
    ])
    expect(await wrongs('d.yaml', 'task:\n  id: a\n  comment: "\\udc80"\n  wrapper: {command: x}')).toEqual([
      'd.yaml:3: task.comment: must be valid Unicode',
    ])
  })

  test('a number that a parser has rounded, or that has no digits, is refused', async () => {
    const reason = 'is a number that cannot be kept; put it into quotes'
    for (const number of ['1e400', '9007199254740993', '-1e30'])
      expect(
        await wrongs('d.json', `{"task": {"id": "a", "wrapper": {"command": "x", "env": {"A": ${number}}}}}`),
      ).toEqual([`d.json:1: task.wrapper.env.A: ${reason}`])
    expect(await wrongsOfWrapper('env.A = inf', 'env.B = nan', 'env.C = 1.5')).toEqual([
      `d.toml: task.wrapper.env.A: ${reason}`,
      `d.toml: task.wrapper.env.B: ${reason}`,
    ])
    expect(
      await wrongs('d.yaml', 'task: {id: a, keep_runs: 9007199254740993, wrapper: {command: x}}'),
    ).toEqual(['d.yaml:1: task.keep_runs: is too large'])
  })

  test('a table in env is refused, and no bug', async () => {
    expect(await wrongsOfWrapper('env.A.B = 1', 'env.C = []')).toEqual([
      'd.toml: task.wrapper.env.A: must be a string, a number or a boolean',
      'd.toml: task.wrapper.env.C: must be a string, a number or a boolean',
    ])
  })

  test('a key that is there twice is refused, with its line', async () => {
    expect(await wrongs('d.yaml', 'task:\n  id: a\n  id: b')).toEqual([
      'd.yaml:3: syntax error: the key "id" is there twice',
    ])
    expect(await wrongs('d.json', '{"task": {"id": "a",\n"id": "b"}}')).toEqual([
      'd.json:2: syntax error: the key "id" is there twice',
    ])
  })

  test('of many problems the first are told, and how many there are', async () => {
    const variables = Array.from({ length: 50 }, (_, index) => `env.A${index} = []`)
    const told = await wrongsOfWrapper(...variables)
    expect([told.length, told.at(-1)]).toEqual([21, 'd.toml: 30 more are wrong'])
    const tables = Array.from({ length: 50 }, (_, index) => `[t${index}]`)
    expect(await wrongs('d.toml', tables.join('\n'))).toEqual([
      'd.toml: one top table is allowed, but there are 50: t0, t1, t2, t3, t4, …',
    ])
  })
})
