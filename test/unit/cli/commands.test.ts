import { describe, expect, test } from 'bun:test'
import { COMMANDS } from '../../../src/cli/commands.ts'
import { readBashLine } from '../../../src/cli/completion/bash-line.ts'
import { EXAMPLES } from '../../../src/cli/examples.ts'
import { OPTIONS } from '../../../src/cli/options.ts'
import { parse } from '../../../src/cli/parse.ts'

describe('the table of commands', () => {
  test('names each command once', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length)
  })

  test('no command has an option with a name or a letter of the program, or one letter twice', () => {
    for (const { name, options = {} } of COMMANDS) {
      const all = [...Object.entries(OPTIONS), ...Object.entries(options)]
      const words = all.flatMap(([option, { short }]) => [option, ...(short === undefined ? [] : [short])])
      expect([name, words]).toEqual([name, [...new Set(words)]])
    }
  })

  test('every command that people call has an example, and each is a right call of it', () => {
    const names = COMMANDS.filter(({ isHidden }) => !isHidden).map(({ name }) => name)
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(names.toSorted())
    for (const [name, examples] of Object.entries(EXAMPLES))
      for (const [line] of examples) {
        const [call = ''] = /spmi [^>)]*/.exec(line) ?? []
        const { before, current } = readBashLine(call.trim(), '')
        expect([line, parse([...before, current], COMMANDS).command?.name]).toEqual([line, name])
      }
  })
})
