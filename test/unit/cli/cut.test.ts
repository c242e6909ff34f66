import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import stringWidth from 'string-width'
import { cutTo, formatSize } from '../../../src/cli/cut.ts'

describe('cutTo', () => {
  test('leaves what fits, and marks what was cut', () => {
    expect(cutTo('', 0)).toBe('')
    expect(cutTo('abc', 3)).toBe('abc')
    expect(cutTo('abcd', 3)).toBe('ab…')
    expect(cutTo('abcd', 1)).toBe('…')
  })

  test('counts wide characters as two columns, and cuts none in two', () => {
    expect(cutTo('日本', 4)).toBe('日本')
    expect(cutTo('日本語', 5)).toBe('日本…')
    expect(cutTo('日本語', 4)).toBe('日…')
  })

  test('cuts nothing apart that is one character to people', () => {
    expect(cutTo('👩‍👩‍👧x', 2)).toBe('…')
    expect(cutTo('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…')
  })

  test('is never wider than it may be, and whole where that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, columns) => {
        const cut = cutTo(text, columns)
        const width = [...new Intl.Segmenter().segment(cut)].reduce(
          (sum, { segment }) => sum + stringWidth(segment),
          0,
        )
        expect(width).toBeLessThanOrEqual(columns)
        expect(cut === text || cut.endsWith('…')).toBe(true)
      }),
    )
  })
})

test('a size has three digits and a unit of 1024', () => {
  const sizes = [
    0,
    999,
    1000,
    1023,
    1024,
    12_595,
    102_400,
    1_048_064,
    1024 ** 2,
    1.5 * 1024 ** 3,
    2 * 1024 ** 5,
  ]
  expect(sizes.map(formatSize)).toEqual([
    '0B',
    '999B',
    '1.0K',
    '1.0K',
    '1.0K',
    '12.3K',
    '100K',
    '1.0M',
    '1.0M',
    '1.5G',
    '2.0P',
  ])
})
