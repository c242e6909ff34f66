import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import * as fc from 'fast-check'
import { quote, quoteAll, quoteCommand, quoteExports, readExports } from '../../../src/system/shell-quote.ts'
import { useFolder } from '../folder.ts'
import { needs } from '../needs.ts'
import { SHELLS } from '../shells.ts'

const folder = useFolder()

/** What shells and their words are made of, and everything else. */
const hostile = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'\'"\\`$(){}[]<>|&;*?!~#= \t\n\r-%@^,:ab\x01\x1b\x7f') }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    "'",
    "''",
    "\\'",
    "'\\''",
    '$(touch x)',
    '`touch x`',
    '-n',
    '-e',
    '\\',
    '\n',
    '',
    '\u2028',
    '!!',
  ),
)
const text = hostile.filter(value => !value.includes('\0') && value.isWellFormed())

describe('quote', () => {
  for (const { name, argv, isThere } of SHELLS)
    needs(name, isThere)(`${name} reads back exactly what was quoted`, () => {
      fc.assert(
        fc.property(fc.array(text, { minLength: 200, maxLength: 400 }), words => {
          const assignments = words.map(
            (word, index) => `v${index}=${quote(word)}; printf '%s\\0' "$v${index}"`,
          )
          const script = [`printf '%s\\0' ${quoteAll(words)}`, ...assignments].join('\n')
          const [file = '', ...options] = argv
          const { stdout, stderr } = spawnSync(file, [...options, folder.write('script', script)], {
            maxBuffer: 1 << 26,
            cwd: folder.path,
          })
          expect(stderr.toString()).toBe('')
          expect(stdout.toString()).toBe([...words, ...words].map(word => `${word}\0`).join(''))
        }),
        { numRuns: 12 },
      )
    })

  test('a NUL is refused, because no shell can carry it', () => {
    expect(() => quote('a\0b')).toThrow(RangeError)
  })

  test('leaves a plain word readable', () => {
    expect(quote('plain')).toBe("'plain'")
    expect(quoteAll(['a', 'b c'])).toBe("'a' 'b c'")
    expect(quote("it's")).toBe("'it'\\''s'")
  })
})

describe('readExports', () => {
  test('reads back exactly what was exported, whatever the values hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[A-Za-z_]\w{0,9}$/), text), variables => {
        const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`)
        expect(readExports(`unset A B\n${lines.join('')}`)).toEqual({ ...variables })
        expect(readExports(`unset A B\n${quoteExports(Object.entries(variables))}`)).toEqual({ ...variables })
      }),
    )
  })

  test('takes no line of a value for a variable', () => {
    const value = "\nexport B='c' \\\nB='c'\n"
    expect(readExports(quoteExports([['A', value]]))).toEqual({ A: value })
  })
})

describe('quoteCommand', () => {
  test('quotes where it is needed, and a program that would be an assignment or a keyword', () => {
    const known = {
      'sleep 5': ['sleep', '5'],
      "printf '%s\\n' 'a b' ''": ['printf', '%s\\n', 'a b', ''],
      'env A=b cmd': ['env', 'A=b', 'cmd'],
      "'A=b' c": ['A=b', 'c'],
      "'if' x": ['if', 'x'],
      "'{' ls": ['{', 'ls'],
    }
    for (const [command, argv] of Object.entries(known)) expect(quoteCommand(argv)).toBe(command)
  })

  for (const { name, argv, isThere } of SHELLS)
    needs(name, isThere)(`${name} runs exactly the argv`, () => {
      fc.assert(
        fc.property(fc.array(fc.array(text, { maxLength: 5 }), { minLength: 50, maxLength: 100 }), argvs => {
          const script = argvs.map(words => quoteCommand(['printf', '%s\\0', '', ...words])).join('\n')
          const [file = '', ...options] = argv
          const { stdout } = spawnSync(file, [...options, folder.write('script', script)], {
            maxBuffer: 1 << 26,
          })
          expect(stdout.toString()).toBe(
            argvs.map(words => ['', ...words].map(word => `${word}\0`).join('')).join(''),
          )
        }),
        { numRuns: 12 },
      )
    })
})
