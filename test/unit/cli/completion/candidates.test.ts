import { describe, expect, test } from 'bun:test'
import { withOptions } from '../../../../src/cli/command.ts'
import { COMMANDS } from '../../../../src/cli/commands.ts'
import { complete } from '../../../../src/cli/completion/candidates.ts'

const EXAMPLE = withOptions({
  name: 'example',
  operand: { name: '<patterns>', isRepeated: true },
  options: {
    follow: { short: 'f', summary: 'A flag' },
    backend: { short: 'b', value: 'TYPE', summary: 'A type' },
    sort: { value: 'KEY', words: ['id', 'state'], summary: 'One of some words' },
    set: { value: 'KEY=VALUE', isRepeated: true, summary: 'Anything' },
    output: { value: 'FILE', summary: 'A file' },
  },
  summary: 'An example',
  run: async () => 0,
})
const ONE = {
  name: 'one',
  operand: { name: '<task_id>', isRepeated: false },
  summary: 'Takes one',
  run: async () => 0,
}
const HIDDEN = { name: 'hidden', isHidden: true, summary: 'For programs', run: async () => 0 }

/** What may follow some words; the last one is at the cursor. */
function answer(...words: readonly string[]) {
  const names = { ids: () => ['a.b', 'c'], backends: () => ['native', 'screen'] }
  const line = { before: words.slice(0, -1), current: words.at(-1) ?? '' }
  const { candidates, files } = complete(line, [EXAMPLE, ONE, HIDDEN], names)
  return files === 'none' ? candidates.map(({ word }) => word) : files
}

describe('what may stand at the cursor', () => {
  test('a command, also after options of the program, and none that only programs call', () => {
    expect(answer('')).toEqual(['example', 'one'])
    expect(answer('-d', 'ex')).toEqual(['example', 'one'])
    expect(answer('hidden', '')).toEqual([])
    expect(answer('unknown', '')).toEqual([])
  })

  test('the options of a command and of the program that are not there yet, unless they may be repeated', () => {
    const all = ['--help', '--version', '--debug', '--follow', '--backend', '--sort', '--set', '--output']
    expect(answer('example', '-')).toEqual(all)
    expect(answer('example', '-f', '--set', 'a=b', '--backend=x', '-')).toEqual(
      all.filter(option => !['--follow', '--backend'].includes(option)),
    )
    expect(answer('-')).toEqual(['--help', '--version', '--debug'])
  })

  test('the values of an option', () => {
    expect(answer('example', '--backend', '')).toEqual(['native', 'screen'])
    expect(answer('example', '-b', '')).toEqual(['native', 'screen'])
    expect(answer('example', '--backend=s')).toEqual(['--backend=native', '--backend=screen'])
    expect(answer('example', '--sort', '')).toEqual(['id', 'state'])
    expect(answer('example', '--output', '')).toBe('all')
    expect(answer('example', '--set', '')).toEqual([])
    expect(answer('example', '--follow=')).toEqual([])
  })

  test('patterns, escaped, as many as wanted', () => {
    expect(answer('example', '')).toEqual(['a\\.b', 'c'])
    expect(answer('example', 'c', '-f', '')).toEqual(['a\\.b', 'c'])
  })

  test('one id as it is, where one is taken', () => {
    expect(answer('one', '')).toEqual(['a.b', 'c'])
    expect(answer('one', '-d', '')).toEqual(['a.b', 'c'])
    expect(answer('one', 'c', '')).toEqual([])
  })

  test('no option after "--"', () => {
    expect(answer('example', '--', '-')).toEqual(['a\\.b', 'c'])
    expect(answer('one', '--', 'c', '')).toEqual([])
  })

  test('something for the operand of every command', () => {
    for (const { name, operand, isHidden } of COMMANDS) {
      if (operand === undefined || isHidden) continue
      const names = { ids: () => ['c'], backends: () => [] }
      const { candidates, files } = complete({ before: [name], current: '' }, COMMANDS, names)
      expect([name, candidates.length > 0 || files !== 'none']).toEqual([name, true])
    }
  })
})
