import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { sortNaturally } from '../../../src/core/natural-order.ts'

/** Natural order, said plainly: piece by piece, digits as numbers, the rest by code unit. */
function compareNaively(left: string, right: string): number {
  const split = (id: string): string[] => id.match(/\d+|\D/g) ?? []
  const [a, b] = [split(left), split(right)]
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [x = '', y = ''] = [a[at], b[at]]
    if (/\d/.test(x) && /\d/.test(y)) {
      if (BigInt(x) !== BigInt(y)) return BigInt(x) < BigInt(y) ? -1 : 1
    } else if (x !== y) return x < y ? -1 : 1
  }
  return a.length - b.length || (left < right ? -1 : left > right ? 1 : 0)
}

const piece = fc.oneof(
  fc.constantFrom('task_', 'a', 'b', '-', '.', ' ', 'ä', '日', '~', 'A'),
  fc.nat({ max: 120 }).map(String),
  fc.stringMatching(/^0{0,2}\d{1,22}$/),
  fc.constantFrom(
    '9'.repeat(8),
    '9'.repeat(9),
    '1'.repeat(9),
    '1'.repeat(10),
    '9'.repeat(18),
    '1'.repeat(19),
  ),
)
const id = fc.array(piece, { minLength: 1, maxLength: 4 }).map(pieces => pieces.join(''))

describe('sortNaturally', () => {
  test('puts task_2 before task_10', () => {
    expect(sortNaturally(['task_10', 'task_2', 'task_1', 'b', 'a', 'task'])).toEqual([
      'a',
      'b',
      'task',
      'task_1',
      'task_2',
      'task_10',
    ])
  })

  test('is the order of a naive comparison, piece by piece', () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 20 }), ids => {
        expect(sortNaturally(ids)).toEqual([...ids].sort(compareNaively))
      }),
      { numRuns: 2000 },
    )
  })

  test('does not depend on the order in which the ids come, and loses none', () => {
    fc.assert(
      fc.property(fc.array(id), ids => {
        const sorted = sortNaturally(ids)
        expect(sortNaturally([...ids].reverse())).toEqual(sorted)
        expect([...sorted].sort()).toEqual([...ids].sort())
      }),
    )
  })

  test('leaves its argument as it is', () => {
    const ids = ['b', 'a']
    sortNaturally(ids)
    expect(ids).toEqual(['b', 'a'])
  })
})
