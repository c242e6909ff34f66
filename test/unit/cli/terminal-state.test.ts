import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { TerminalState } from '../../../src/cli/terminal-state.ts'

/** The state after some output, which comes in these pieces. */
function after(...pieces: readonly string[]): TerminalState {
  const state = new TerminalState()
  for (const piece of pieces) state.read(Buffer.from(piece))
  return state
}

const entered = (state: TerminalState, lines = 24) => Buffer.from(state.enter(lines)).toString()
const left = (state: TerminalState) => Buffer.from(state.leave()).toString()

const VIM = '\x1b[?1049h\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?25lfile\x1b[?25h'

describe('the state of a terminal', () => {
  test('is that of a fresh one where nothing was shown, and after what was undone', () => {
    expect([entered(after()), left(after('line\r\n'))]).toEqual(['', '\x1b[m\r\n'])
    const vim = after(VIM, '\x1b[?2004l\x1b[?1l\x1b>\x1b[>4;m\x1b[?1049l')
    expect(vim.isOtherScreen).toBe(false)
    expect(left(vim)).not.toContain('\x1b[?')
    expect(left(after(VIM, '\x1bc'))).toBe('\x1b[m\r\n')
  })

  test('is entered by the modes that are on, and left by those that were', () => {
    const vim = after(VIM)
    expect(vim.isOtherScreen).toBe(true)
    expect(entered(vim)).toBe('\x1b[?1049h\x1b[?1h\x1b[?2004h\x1b=\x1b[>4;2m\x1b[2J')
    expect(left(vim)).toBe('\x1b[m\x1b[>4m\x1b>\x1b[?1049l\x1b[?1l\x1b[?2004l')
  })

  test('several modes in one sequence, a hidden cursor and a mouse are known', () => {
    const htop = after('\x1b[?1049;1006;1000h\x1b[?25l')
    expect(entered(htop)).toBe('\x1b[?1049h\x1b[?1006h\x1b[?1000h\x1b[?25l\x1b[2J')
    expect(left(htop)).toBe('\x1b[m\x1b[?1049l\x1b[?1006l\x1b[?1000l\x1b[?25h')
  })

  test('what a program has pushed for its keyboard is popped when one leaves', () => {
    expect(left(after('\x1b[>1u\x1b[>5u'))).toContain('\x1b[<2u')
    expect(left(after('\x1b[>1u\x1b[<u'))).not.toContain('u')
  })

  test('output that was held back and a saved cursor are not replayed', () => {
    expect(entered(after('\x1b[?2026h\x1b[?1048h'))).toBe('')
  })

  test('is the same in whatever pieces the output came', () => {
    const output = `text ${VIM} more \x1b[?1006h\x1b[>1u`
    fc.assert(
      fc.property(fc.array(fc.nat(output.length), { maxLength: 8 }), cuts => {
        const ends = [...cuts.sort((a, b) => a - b), output.length]
        const state = after(...ends.map((end, index) => output.slice(ends[index - 1] ?? 0, end)))
        expect([entered(state), left(state)]).toEqual([entered(after(output)), left(after(output))])
      }),
    )
  })

  test('the last lines are shown where no program has a screen of its own', () => {
    expect(entered(after('one\r\ntwo\r\nthree\r\n$ '), 2)).toBe('three\r\n$ ')
    expect(entered(after('one\r\n$ '), 24)).toBe('one\r\n$ ')
    expect(entered(after(VIM, '\x1b[?1049l$ '))).toEndWith('$ ')
  })

  test('what a terminal would answer, or take for itself, is not shown again', () => {
    const asks = ['\x1b[c', '\x1b[>c', '\x1b[6n', '\x1b[?6n', '\x1b[18t', '\x1b[>q', '\x1b[?1$p', '\x1bZ']
    const strings = ['\x1b]0;title\x07', '\x1b]10;?\x1b\\', '\x1bP+q544e\x1b\\', '\x1b_G1\x1b\\']
    const moves = ['\x1b[H', '\x1b[2J', '\x1b[5;7H', '\x1b[s', '\x1b7', '\x1b(B', '\x1b[!p']
    for (const sequence of [...asks, ...strings, ...moves])
      expect([sequence, entered(after(`a${sequence}b`))]).toEqual([sequence, 'ab'])
    const kept = '\x1b[1;31mred\x1b[m\x1b[K\x1b[2Dx\r\n日本'
    expect(entered(after(kept))).toBe(kept)
  })

  test('of very long output the end is shown, from the beginning of a line', () => {
    const output = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\r\n')
    expect(entered(after(output), 3)).toBe('line 4997\r\nline 4998\r\nline 4999')
    expect(entered(after(output), 10_000)).toMatch(/^line \d+\r\n/)
  })

  test('bytes that are no text do no harm', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), pieces => {
        const state = new TerminalState()
        for (const piece of pieces) state.read(piece)
        state.enter(24)
        state.leave()
      }),
    )
  })
})
