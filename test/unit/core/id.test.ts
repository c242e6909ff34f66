import { describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { ID_LIMIT, refuseId } from '../../../src/core/id.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

describe('refuseId', () => {
  test('takes what people call their tasks', () => {
    for (const id of [
      'a',
      'cal',
      'manageable_1',
      'train.v2',
      'näme',
      '日本',
      '🦊',
      'with space',
      "it's",
      '$(x)',
      '~',
      '*',
    ])
      expect([id, refuseId(id)]).toEqual([id, undefined])
  })

  test('refuses with the reason what is not safe as the name of a directory', () => {
    const reasons: readonly (readonly [string, string])[] = [
      ['', 'must not be empty'],
      ['.', 'must not begin with a "."'],
      ['..', 'must not begin with a "."'],
      ['.spmi', 'must not begin with a "."'],
      ['-rf', 'must not begin with a "-"'],
      ['../x', 'must not hold a "/"'],
      ['/etc/passwd', 'must not hold a "/"'],
      ['a/b', 'must not hold a "/"'],
      ['a\0b', 'must not hold control characters'],
      ['a\nb', 'must not hold control characters'],
      ['a\x1b[2Jb', 'must not hold control characters'],
      ['a\x7f', 'must not hold control characters'],
      ['a\u202egnp.exe', 'must not hold control characters'],
      ['a\u2066', 'must not hold control characters'],
      ['\u200fa', 'must not hold control characters'],
      ['a\u009b31m', 'must not hold control characters'],
      ['a\u2028b', 'must not hold control characters'],
      ['a\ud800', 'must be valid Unicode'],
    ]
    for (const [id, reason] of reasons) expect([id, refuseId(id)]).toEqual([id, reason])
  })

  test('counts the limit in bytes', () => {
    expect(refuseId('x'.repeat(ID_LIMIT))).toBeUndefined()
    expect(refuseId('x'.repeat(ID_LIMIT + 1))).toBe('must not be longer than 200 bytes')
    expect(refuseId('é'.repeat(ID_LIMIT / 2))).toBeUndefined()
    expect(refuseId('é'.repeat(ID_LIMIT / 2 + 1))).toBe('must not be longer than 200 bytes')
  })

  test('whatever it takes is a directory of exactly that name, directly in its folder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), id => {
        if (refuseId(id) !== undefined) return
        mkdirSync(folder.join('pool', id), { recursive: true })
        expect(readdirSync(folder.join('pool'))).toContain(id)
        expect(readdirSync(folder.path)).toEqual(['pool'])
      }),
      { numRuns: 300 },
    )
  })
})
