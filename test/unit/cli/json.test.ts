import { describe, expect, test } from 'bun:test'
import { JsonAnswer } from '../../../src/cli/json.ts'
import { SpmiError } from '../../../src/errors.ts'

/** What a document prints, and what stands beside it on standard error. */
function answer(give: (json: JsonAnswer) => void) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    write: (data: string | Uint8Array) => {
      written[name] += data
    },
  })
  const now = () => new Date('2024-07-14T19:17:17.031Z')
  const json = new JsonAnswer({ stderr: stream('stderr'), environment: { TZ: 'UTC' }, now })
  give(json)
  json.write({ stdout: stream('stdout') })
  return { ...written, document: JSON.parse(written.stdout) }
}

describe('a document', () => {
  test('has a version, what was added, errors and warnings, in this order, and ends with one line feed', () => {
    const { stdout } = answer(json => json.add({ runs: [1] }))
    expect(stdout).toBe(
      '{\n  "version": 1,\n  "runs": [\n    1\n  ],\n  "errors": [],\n  "warnings": []\n}\n',
    )
  })

  test('holds what is reported: no record of it is written, but those of level DEBUG', () => {
    const { document, stderr } = answer(json => {
      json.debug('x')
      json.info('Started 1 manageables')
      json.warning('Nothing to stop')
      json.warning('No ID matches "b"', { code: 'missing', pattern: 'b' })
      json.error(new SpmiError('active', 'it is active', { id: 'a' }))
      json.error(new SpmiError('damaged', 'it is damaged'), { id: 'c' })
      json.error('no space')
      json.error('This is a bug', { code: 'bug' })
    })
    expect(stderr).toBe('[2024-07-14 19:17:17,031 - Spmi - DEBUG]\nx\n')
    expect(document).toEqual({
      version: 1,
      errors: [
        { code: 'missing', message: 'No ID matches "b"', pattern: 'b' },
        { code: 'active', message: 'it is active', id: 'a' },
        { code: 'damaged', message: 'it is damaged', id: 'c' },
        { code: 'system', message: 'no space' },
        { code: 'bug', message: 'This is a bug' },
      ],
      warnings: [{ message: 'Nothing to stop' }],
    })
  })

  test('is harmless for a terminal, and says the same to a parser', () => {
    const text = '\x1b]0;x\x07 \x7f \x9b31m \u202e \u2028 日本 \ud800'
    const { stdout, document } = answer(json => json.add({ text }))
    expect(stdout).toMatch(/^[\x20-\x7e\n日本\ufffd]*$/)
    expect(document.text).toBe(text.replace('\ud800', '\ufffd')) // no text: whoever is strict refuses half a character
  })
})
