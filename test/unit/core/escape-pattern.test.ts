import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { escapePattern } from '../../../src/core/escape-pattern.ts'
import { PatternMatcher } from '../../../src/core/pattern.ts'

const id = fc.string({ unit: fc.constantFrom(...'ab1 .*+?()[]{}^$|\\-_/äß🦊'), minLength: 1, maxLength: 6 })

test('the pattern of an id matches it and no other', () => {
  fc.assert(
    fc.property(id, id, (one, other) => {
      const matcher = new PatternMatcher([escapePattern(one)])
      expect([one, matcher.match(one)]).toEqual([one, [0]])
      expect([other, matcher.match(other).length]).toEqual([other, one === other ? 1 : 0])
    }),
    { numRuns: 1000 },
  )
})

test('what needs no escape stays as it is', () => {
  for (const plain of ['worker_1', 'näme', 'with space', "it's", 'a-b', 'x:y'])
    expect(escapePattern(plain)).toBe(plain)
})
