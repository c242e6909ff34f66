import { describe, expect, test } from 'bun:test'
import { withOptions } from '../../../src/cli/command.ts'
import { COMMANDS } from '../../../src/cli/commands.ts'
import { parse } from '../../../src/cli/parse.ts'
import { SpmiError } from '../../../src/errors.ts'
import { refusal } from '../refusal.ts'

/** A command with an option of each sort. */
const EXAMPLE = withOptions({
  name: 'example',
  operand: { name: '<words>', isRepeated: true },
  options: {
    json: { summary: 'A flag' },
    follow: { short: 'f', summary: 'A flag with a letter' },
    lines: { short: 'n', value: 'N', read: readCount, summary: 'A value that is read' },
    backend: { value: 'TYPE', summary: 'A value' },
    set: { value: 'KEY=VALUE', isRepeated: true, summary: 'A value that is repeated' },
  },
  summary: 'An example',
  run: async ({ options }) => {
    const values: [boolean, boolean, number | undefined, string | undefined, readonly string[]] = [
      options.json,
      options.follow,
      options.lines,
      options.backend,
      options.set,
    ]
    return values.length > 0 ? 0 : 1
  },
})

/** A command without arguments. */
const BARE = { name: 'bare', summary: 'Another', run: async () => 0 }

function readCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new SpmiError('usage', `"${text}" is no number`)
  return Number(text)
}

const readExample = (...argv: readonly string[]) => {
  const { options, command, operands } = parse(argv, [EXAMPLE])
  const { help, version, ...others } = options
  return { ...others, command: command?.name, operands }
}

const read = (...argv: readonly string[]) => {
  const { options, command, operands } = parse(argv, COMMANDS)
  const { help, version, debug } = options
  return { help, version, debug, command: command?.name, operands }
}
const NONE = { help: false, version: false, debug: false }

async function wrong(...argv: readonly string[]): Promise<string> {
  const error = await refusal(() => parse(argv, [...COMMANDS, EXAMPLE, BARE]))
  expect([error.code, error.exitStatus]).toEqual(['usage', 2])
  return error.message
}

describe('right usage', () => {
  test('a number may be attached to a letter, but after -- it is an argument', () => {
    expect(readExample('example', '-n5', '-f', 'x')).toMatchObject({
      lines: 5,
      follow: true,
      operands: ['x'],
    })
    expect(readExample('example', '-fn', '5', 'x')).toMatchObject({ lines: 5, follow: true })
    expect(readExample('example', '--', '-n5')).toMatchObject({ lines: undefined, operands: ['-n5'] })
  })

  test('every command of the guide takes what the guide says', () => {
    expect(read('list')).toEqual({ ...NONE, command: 'list', operands: [] })
    for (const command of ['load', 'start', 'stop', 'kill', 'clean', 'status', 'reload'])
      expect(read(command, 'a', 'b')).toEqual({ ...NONE, command, operands: ['a', 'b'] })
    expect(read('connect', 'a')).toEqual({ ...NONE, command: 'connect', operands: ['a'] })
  })

  test('options may stand anywhere before --, in both forms', () => {
    for (const argv of [
      ['-d', 'list'],
      ['list', '--debug'],
      ['--debug', 'list'],
    ])
      expect(read(...argv)).toEqual({ ...NONE, debug: true, command: 'list', operands: [] })
    expect(read('status', '-d', 'a')).toMatchObject({ debug: true, operands: ['a'] })
  })

  test('help and version need nothing else', () => {
    expect(read('-h')).toMatchObject({ help: true, command: undefined })
    expect(read('--version')).toMatchObject({ version: true, command: undefined })
    expect(read('-dh')).toMatchObject({ help: true, debug: true })
    expect(read('start', '-h')).toMatchObject({ help: true, command: 'start' })
    expect(read('nonsense', '--help')).toMatchObject({ help: true })
  })

  test('after -- everything is an argument', () => {
    expect(read('start', '--', '-a', '--help', '--')).toEqual({
      ...NONE,
      command: 'start',
      operands: ['-a', '--help', '--'],
    })
  })
})

describe('options of a command', () => {
  const absent = { debug: false, json: false, follow: false, lines: undefined, backend: undefined, set: [] }

  test('those that were not given have values as well', () => {
    expect(readExample('example', 'a')).toEqual({ ...absent, command: 'example', operands: ['a'] })
  })

  test('may stand before and after operands, among those of the program', () => {
    const all = { ...absent, debug: true, json: true, backend: 'x', operands: ['a', 'b'] }
    for (const argv of [
      ['-d', 'example', '--json', '--backend', 'x', 'a', 'b'],
      ['example', 'a', '--backend', 'x', '-d', 'b', '--json'],
      ['example', '--backend=x', 'a', 'b', '--json', '--debug'],
    ])
      expect(readExample(...argv)).toEqual({ ...all, command: 'example' })
  })

  test('a value may hold anything: blanks, equals signs, commas, nothing, and in a word of its own line breaks', () => {
    for (const value of ['a b', 'a=b=c', 'x,y', '', 'ü"\'$(id)', '-']) {
      expect(readExample('example', 'a', '--backend', value)).toMatchObject({ backend: value })
      expect(readExample('example', 'a', `--backend=${value}`)).toMatchObject({ backend: value })
    }
    expect(readExample('example', 'a', '--backend', 'x\ny')).toMatchObject({ backend: 'x\ny' })
    expect(readExample('example', 'a', '--backend=--x')).toMatchObject({ backend: '--x' })
  })

  test('each value of a repeated option counts, of another one the last', () => {
    const argv = ['--set', 'a=1', '--backend=x', '--set=b=2', '--backend', 'y', '--set', 'a=1']
    expect(readExample('example', 'w', ...argv)).toMatchObject({ set: ['a=1', 'b=2', 'a=1'], backend: 'y' })
  })

  test('letters may stand together, the last one with its value', () => {
    expect(readExample('example', '-dfn', '20', 'a')).toMatchObject({ follow: true, debug: true, lines: 20 })
    expect(readExample('example', '-n', '0', 'a')).toMatchObject({ lines: 0 })
  })

  test('after -- none is an option, wherever it stands', () => {
    const operands = ['--json', '--set', '-f']
    expect(readExample('example', '--', ...operands)).toMatchObject({ json: false, set: [], operands })
    expect(readExample('--', 'example', ...operands)).toMatchObject({ json: false, set: [], operands })
    expect(readExample('example', '--json', '--', '--', '--x')).toMatchObject({
      json: true,
      operands: ['--', '--x'],
    })
  })

  test('are wrong for another command, before the name, and for an unknown command, which is said first', async () => {
    expect(await wrong('stop', '--backend', 'x')).toStartWith('stop: unknown option --backend; ')
    expect(await wrong('--backend', 'x', 'example', 'a')).toStartWith('unknown option --backend; ')
    expect(await wrong('exmaple', '--backend', 'x')).toBe(
      'unknown command "exmaple"; did you mean "example"?',
    )
  })

  test('a misspelt one, and the one that may be meant', async () => {
    expect(await wrong('example', '--bakcend', 'x')).toBe(
      'example: unknown option --bakcend; did you mean "--backend"?',
    )
    expect(await wrong('example', '--stet=a=1')).toBe('example: unknown option --stet; did you mean "--set"?')
    expect(await wrong('example', '--debgu')).toBe('example: unknown option --debgu; did you mean "--debug"?')
  })

  test('a flag refuses a value', async () => {
    expect(await wrong('example', 'a', '--json=yes')).toBe(
      'example: option --json takes no value; "spmi example -h" shows the usage',
    )
    expect(await wrong('example', 'a', '--json=')).toStartWith('example: option --json takes no value; ')
  })

  test('a value that is missing, cannot be read, or would be cut', async () => {
    const usage = '"spmi example -h" shows the usage'
    for (const argv of [['--backend'], ['--backend', '--json'], ['--backend', '--', 'x']])
      expect(await wrong('example', 'a', ...argv)).toBe(
        `example: option --backend needs a value: --backend=TYPE; ${usage}`,
      )
    expect(await wrong('example', 'a', '-n')).toBe(`example: option -n needs a value: --lines=N; ${usage}`)
    expect(await wrong('example', 'a', '-nf')).toBe(`example: option -n needs a value: --lines=N; ${usage}`)
    expect(await wrong('example', 'a', '-n', 'x')).toBe(`example: --lines: "x" is no number; ${usage}`)
    expect(await wrong('example', 'a', '--set=a=1\n2')).toBe(
      'example: the value of --set has a line break; give it as a word of its own',
    )
  })
})

describe('wrong usage', () => {
  test('no command', async () => {
    expect(await wrong()).toBe('no command; "spmi -h" shows the usage')
    expect(await wrong('-d')).toBe('no command; "spmi -h" shows the usage')
    expect(await wrong('--')).toBe('no command; "spmi -h" shows the usage')
  })

  test('an unknown command, and the one that may be meant', async () => {
    expect(await wrong('strat', 'a')).toBe('unknown command "strat"; did you mean "start"?')
    expect(await wrong('lst')).toBe('unknown command "lst"; did you mean "list"?')
    expect(await wrong('frobnicate')).toBe('unknown command "frobnicate"; "spmi -h" shows the usage')
    expect(await wrong('LIST')).toStartWith('unknown command "LIST"; ')
    expect(await wrong('')).toBe('unknown command ""; "spmi -h" shows the usage')
    expect(await wrong('constructor')).toStartWith('unknown command "constructor"; ')
  })

  test('an unknown option, and the one that may be meant', async () => {
    expect(await wrong('list', '--debgu')).toMatch(/--debgu; did you mean "--debug"\?$/)
    expect(await wrong('list', '-x')).toMatch(/-x; after "--" an argument may begin with "-"$/)
    expect(await wrong('start', '-rf')).toContain('after "--" an argument may begin with "-"')
    expect(await wrong('list', '--frobnicate')).toStartWith('list: unknown option --frobnicate; ')
    expect(await wrong('list', '--frob nicate=1 ')).toStartWith('list: unknown option --frob nicate; ')
    expect(await wrong('--json', 'list')).toBe('unknown option --json; those of a command follow its name')
  })

  test('a value for an option that takes none', async () => {
    expect(await wrong('list', '--debug=no')).toBe('option --debug takes no value; "spmi -h" shows the usage')
    expect(read('status', 'a=b', '--', '--debug=no')).toMatchObject({ operands: ['a=b', '--debug=no'] })
  })

  test('a missing argument', async () => {
    for (const command of ['start', 'stop', 'kill', 'clean', 'status'])
      expect(await wrong(command)).toBe(
        `${command}: <patterns> is missing; "spmi ${command} -h" shows the usage`,
      )
    for (const command of ['load', 'reload'])
      expect(await wrong(command)).toBe(
        `${command}: <pathes> is missing; "spmi ${command} -h" shows the usage`,
      )
    expect(await wrong('connect')).toBe('connect: <task_id> is missing; "spmi connect -h" shows the usage')
  })

  test('an argument that may be left out is none too few', () => {
    expect(read('list')).toMatchObject({ command: 'list', operands: [] })
    expect(read('list', 'a', 'b')).toMatchObject({ command: 'list', operands: ['a', 'b'] })
  })

  test('an argument too many', async () => {
    expect(await wrong('bare', 'a')).toBe(
      'bare: takes no argument, but got "a"; "spmi bare -h" shows the usage',
    )
    expect(await wrong('connect', 'a', 'b')).toBe(
      'connect: takes one <task_id>, but got 2; "spmi connect -h" shows the usage',
    )
  })
})

describe('one of some words', () => {
  const command = withOptions({
    name: 'pick',
    operand: { name: '<fruit>', isRepeated: false, isOptional: true, words: ['apple', 'pear'] },
    options: { sort: { value: 'KEY', words: ['memory', 'cpu'], summary: 'An order' } },
    summary: 'An example',
    run: async ({ options: { sort } }) => ((sort satisfies 'memory' | 'cpu' | undefined) === 'cpu' ? 0 : 1),
  })

  test('is taken, and nothing else is, as a value and as an operand', async () => {
    expect(parse(['pick', 'pear', '--sort', 'cpu'], [command])).toMatchObject({
      operands: ['pear'],
      options: { sort: 'cpu' },
    })
    for (const [argv, words] of [
      [
        ['pick', '--sort=memroy'],
        'pick: --sort: "memroy": it is none of memory, cpu; did you mean "memory"?',
      ],
      [['pick', '--sort=x'], 'pick: --sort: "x": it is none of memory, cpu; "spmi pick -h" shows the usage'],
      [['pick', 'peer'], 'pick: <fruit>: "peer": it is none of apple, pear; did you mean "pear"?'],
    ] as const) {
      const { code, message } = await refusal(() => parse(argv, [command]))
      expect([code, message]).toEqual(['usage', words])
    }
  })

  test('an operand that is optional may be left out', () => {
    expect(parse(['pick'], [command]).operands).toEqual([])
  })

  test('a command that only programs call is never suggested', async () => {
    const hidden = { ...command, name: 'pock', isHidden: true }
    const { message } = await refusal(() => parse(['pocks'], [command, hidden]))
    expect(message).not.toContain('pock"?')
  })
})
