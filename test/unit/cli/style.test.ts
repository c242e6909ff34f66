import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { makeHarmless, makeOneLine, paintFor, spellOut, textFor } from '../../../src/cli/style.ts'

/** Everything that a terminal may take for something else than a character to show. */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

describe('makeHarmless', () => {
  test('leaves text as it is, tabs and letters of all languages included', () => {
    for (const text of ['', 'plain', 'a\tb', 'näme 日本 🦊', 'עברית', "it's 100%"])
      expect(makeHarmless(text)).toBe(text)
  })

  test('takes colours and cursor movements away', () => {
    expect(makeHarmless('\x1b[31mred\x1b[0m')).toBe('red')
    expect(makeHarmless('\x1b[1;38;5;208mx\x1b[m')).toBe('x')
    expect(makeHarmless('a\x1b[2J\x1b[1;1Hb')).toBe('ab')
    expect(makeHarmless('\u009b31mred')).toBe('red')
  })

  test('takes titles and links away, or shows what is left of them', () => {
    for (const text of [
      '\x1b]0;title\x07x',
      '\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\',
      '\x1bP1;2q#0\x1b\\x',
      '\x1b]52;c;aGk=\x07',
    ])
      expect(makeHarmless(text)).not.toMatch(CONTROL)
  })

  test('shows the last state of a progress bar', () => {
    expect(makeHarmless('10%\r50%\r100%')).toBe('100%')
    expect(makeHarmless('10%\r50%\r100%\r')).toBe('100%')
    expect(makeHarmless('line of another system\r')).toBe('line of another system')
    expect(makeHarmless('\r\r')).toBe('')
  })

  test('shows other control characters by their names', () => {
    expect(makeHarmless('a\x00b\x07c\x08d')).toBe('a^@b^Gc^Hd')
    expect(makeHarmless('a\x7f')).toBe('a^?')
    expect(makeHarmless('a\x85b')).toBe('aM-^Eb')
    expect(makeHarmless('a\x1b')).toBe('a^[')
  })

  test('shows what turns the direction of writing as code points', () => {
    expect(makeHarmless('a\u202egnp.exe')).toBe('a<U+202E>gnp.exe')
    expect(makeHarmless('\u2066\u2069\u200f\u061c')).toBe('<U+2066><U+2069><U+200F><U+061C>')
  })

  test('leaves nothing that a terminal obeys, whatever comes', () => {
    const piece = fc.constantFrom(
      '\x1b',
      '\x1b[',
      '\x1b]',
      '\x9b',
      '\x9d',
      '\r',
      '\n',
      ';',
      '31',
      'm',
      '\x07',
      '\\',
      '\u202e',
      'x',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary' }))), pieces => {
        expect(makeHarmless(pieces.join(''))).not.toMatch(CONTROL)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('lines that are hard for a reader', () => {
  // What a task prints in one line of status, and the longest line that logs keeps whole.
  for (const [name, unit] of Object.entries({
    'carriage returns': '\r',
    'states of a progress bar': '1%\r',
    'beginnings of titles': '\x1b]',
    'beginnings of colours': '\x1b[1;',
    escapes: '\x1b',
    'C1 controls': '\x9b',
  }))
    test(`${name}, a quarter of a megabyte of them, take little time`, () => {
      const begin = process.cpuUsage()
      makeHarmless(`${unit.repeat(2 ** 18 / unit.length)}x`)
      const { user, system } = process.cpuUsage(begin) // microseconds; more than a minute where it is done twice for each character
      expect(user + system).toBeLessThan(10e6)
    })
})

describe('spellOut', () => {
  test('leaves nothing out', () => {
    expect(spellOut('rm -rf x\recho \x1b[8mhidden\x1b[0m \u202e')).toBe(
      'rm -rf x^Mecho ^[[8mhidden^[[0m <U+202E>',
    )
  })

  test('textFor does it line by line, for a terminal alone', () => {
    const text = 'a\x1b[2J\r\nb\u0085\n'
    expect(textFor({ isTerminal: true }, text)).toBe('a^[[2J\nbM-^E\n')
    expect(textFor({ isTerminal: false }, text)).toBe(text)
  })
})

describe('makeOneLine', () => {
  test('shows line breaks as \\n, and drops the last one', () => {
    expect(makeOneLine('a\nb\n')).toBe('a\\nb')
    expect(makeOneLine('plain')).toBe('plain')
    expect(makeOneLine('a\r\nb')).toBe('a\\nb')
    expect(makeOneLine('real\rfake')).toBe('real^Mfake')
  })

  test('is harmless and one line, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(makeOneLine(text)).not.toMatch(CONTROL)
      }),
    )
  })
})

describe('paintFor', () => {
  const terminal = { isTerminal: true, write: () => {} }
  const paint = (environment: Record<string, string>, output = terminal) =>
    paintFor(output, { environment })('text', 'green')

  test('paints on a terminal', () => {
    expect(paint({})).toBe('\x1b[32mtext\x1b[0m')
    expect(paint({ TERM: 'xterm', NO_COLOR: '' })).toBe('\x1b[32mtext\x1b[0m')
  })

  test('does not paint elsewhere, with NO_COLOR, or on a terminal that cannot', () => {
    expect(paint({}, { ...terminal, isTerminal: false })).toBe('text')
    expect(paint({ NO_COLOR: '1' })).toBe('text')
    expect(paint({ TERM: 'dumb' })).toBe('text')
  })
})
