import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { OutputDisplay } from '../../../src/cli/output-display.ts'
import { makeHarmless } from '../../../src/cli/style.ts'

/** What is shown of some pieces of output; `|` stands for each write, `<` for the taking back of a line. */
function show(pieces: readonly (string | Uint8Array)[], isTerminal = true): string {
  let shown = ''
  const write = (data: string | Uint8Array) => {
    shown += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
  }
  const output = { isTerminal, write }
  const display = new OutputDisplay({ stdout: output, stderr: output, environment: {} })
  for (const piece of pieces) display.show({ stream: 'stdout', bytes: Buffer.from(piece) })
  display.end()
  return shown.replaceAll('\r\x1b[K', '<')
}

describe('OutputDisplay', () => {
  test('shows a question at once', () => {
    let shown = ''
    const write = (data: string | Uint8Array) => {
      shown += data
    }
    const output = { isTerminal: true, write }
    const display = new OutputDisplay({ stdout: output, stderr: output, environment: {} })
    display.show({ stream: 'stdout', bytes: Buffer.from('Name? ') })
    expect(shown).toBe('Name? ')
  })

  test('elsewhere than on a terminal all bytes are as they are', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    expect(show([bytes, bytes], false)).toBe(Buffer.concat([bytes, bytes]).toString('latin1'))
  })

  test('takes sequences away, also those that come in pieces', () => {
    const text = 'a\x1b[31mb\x1b]0;title\x07c\x1b]52;c;aGk=\x1b\\\x1bPq#0\x1b\\d\x1b(0e\n'
    for (let at = 0; at <= text.length; at++)
      expect(show([text.slice(0, at), text.slice(at)])).toBe('abcde\n')
    expect(show([...text])).toBe('abcde\n')
  })

  test('keeps characters whole that come in pieces, and shows halves as what they are', () => {
    const bytes = Buffer.from('日本🦊\n')
    for (let at = 0; at <= bytes.length; at++)
      expect(show([bytes.subarray(0, at), bytes.subarray(at)])).toBe('日本🦊\n')
    expect(show([Uint8Array.of(0xe6, 0x97), '\n'])).toBe('\ufffd\n')
    expect(show([Uint8Array.of(0xc2), Uint8Array.of(0x9b, 0x32, 0x4a)])).toBe('') // CSI 2 J
    expect(show([Uint8Array.of(0x9b, 0x32, 0x4a)])).toBe('\ufffd2J')
  })

  test('moves a progress bar in one line, and nowhere else', () => {
    expect(show(['1%\r', '2%', '\r3%\r\n', 'next\r\n'])).toBe('1%<2%<3%\nnext\n')
    expect(show(['a\b\b\x1b[Ab\n'])).toBe('a^H^Hb\n')
  })

  test('does not wait for ever for the end of a sequence', () => {
    expect(show(['\x1b]0;', 'x'.repeat(2000)])).toBe(`^[]0;${'x'.repeat(2000)}`)
    expect(show(['\x1b]0;', 'line\n', 'more\x07'])).toBe('^[]0;line\nmore^G')
  })

  const unit = fc.constantFrom('\x1b', '[', ']', '\x9b', '\n', ';', '3', 'm', '\x07', '\\', '\u202e', 'é')

  test('shows what makeHarmless shows, however it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.nat(59), (text, at) => {
        const bytes = Buffer.from(text)
        const expected = text.split('\n').map(makeHarmless).join('\n')
        expect(show([bytes.subarray(0, at), bytes.subarray(at)])).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })

  test('leaves nothing that a terminal obeys, whatever comes in whatever pieces', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.string({ unit, maxLength: 20 }).map(Buffer.from),
    )
    fc.assert(
      fc.property(fc.array(piece), pieces => {
        expect(show(pieces)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/)
      }),
      { numRuns: 3000 },
    )
  })
})
