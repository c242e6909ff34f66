import { describe, expect, test } from 'bun:test'
import { entry, escapeRoff, fill, renderPage, section } from '../../../../src/cli/manual/roff.ts'
import { needs } from '../../needs.ts'

const TITLE = { name: 'x', section: 1, volume: 'User Commands', version: '1', date: '2026-01-02' }

describe('roff', () => {
  test('text means itself: no line of it is a request, and no word of it an escape', () => {
    expect(escapeRoff('.TH')).toBe('\\&.TH')
    expect(escapeRoff('a\n.b')).toBe('a\n\\&.b')
    expect(escapeRoff("'br")).toBe('\\(aqbr')
    expect(escapeRoff('a\\fBb')).toBe('a\\efBb')
    expect(escapeRoff('--all')).toBe('\\-\\-all')
  })

  test('lines of text are short, and no word is lost', () => {
    const text = Array.from({ length: 60 }, (_, index) => `.word${index}`).join(' ')
    const lines = fill(text)
    expect(lines.every(line => line.length <= 80)).toBe(true)
    expect(lines.join(' ').replaceAll('\\&', '')).toBe(text)
  })

  needs('man', Bun.which('man') !== null)('whatever a text holds is shown as it is', () => {
    const text = '.TH \\fBbold\\fR \'quoted\' "twice" `tick` ^ ~ --option \\ end.'
    const page = renderPage(TITLE, section('NAME', entry('term', text)))
    const { stdout } = Bun.spawnSync(['man', '-l', '-'], {
      stdin: Buffer.from(page),
      env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', MANWIDTH: '150' },
    })
    expect(stdout.toString().replaceAll(/.\x08/g, '')).toContain(`term   ${text}\n`)
  })
})
