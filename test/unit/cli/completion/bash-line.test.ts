import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { readBashLine, writeBashWord } from '../../../../src/cli/completion/bash-line.ts'

/** What bash has by default, after blanks. */
const BREAKS = '"\'@><=;|&(:'

describe('a line as bash has it', () => {
  test('is taken apart as bash would', () => {
    const lines: readonly (readonly [string, readonly string[], string])[] = [
      ['spmi ', [], ''],
      ['spmi st', [], 'st'],
      ['spmi start ', ['start'], ''],
      ['spmi  start\ta', ['start'], 'a'],
      ["spmi start 'a b' c", ['start', 'a b'], 'c'],
      ["spmi start 'a b", ['start'], 'a b'],
      ['spmi start "a\\"b', ['start'], 'a"b'],
      ['spmi start "a\\n', ['start'], 'a\\n'],
      ['spmi start a\\ b', ['start'], 'a b'],
      ['spmi start a\\', ['start'], 'a'],
      ["spmi start '' x", ['start', ''], 'x'],
      ['spmi start --backend=s', ['start'], '--backend=s'],
    ]
    for (const [text, before, current] of lines)
      expect([text, readBashLine(text, BREAKS)]).toEqual([text, expect.objectContaining({ before, current })])
  })

  test('words come back without what stands before the last break, which bash does not replace', () => {
    const write = (text: string, word: string) => writeBashWord(word, readBashLine(text, BREAKS))
    expect(write('spmi start --backend=s', '--backend=screen')).toBe('screen')
    expect(write('spmi status a:', 'a:b')).toBe('b')
    expect(write('spmi status a\\:', 'a:b')).toBe('a:b')
    expect(write("spmi start 'a:", 'a:b')).toBe('a:b')
    expect(write("spmi start 'i", "it's")).toBe("it'\\''s")
    expect(write('spmi start "', 'a$b')).toBe('a\\$b')
    expect(write('spmi start x', 'y')).toBeUndefined()
  })

  test('a word that was completed is read by bash as that word, whatever it holds', () => {
    const bytes = fc.string({
      unit: fc.constantFrom(...'ab \'"\\$`*?[]{}()<>;|&~#!=:@%ä🦊'),
      minLength: 1,
      maxLength: 8,
    })
    const words = fc.sample(bytes, 300)
    const script = words.map(
      word => `printf '%s\\0' ${writeBashWord(word, readBashLine('spmi start ', BREAKS))}`,
    )
    const { stdout } = Bun.spawnSync(['bash', '-c', script.join('\n')])
    expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words)
  })
})
