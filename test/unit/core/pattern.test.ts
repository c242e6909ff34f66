import { describe, expect, test } from 'bun:test'
import { PatternMatcher } from '../../../src/core/pattern.ts'
import { refusal } from '../refusal.ts'

const matches = (pattern: string, id: string) => new PatternMatcher([pattern]).match(id).length === 1

describe('PatternMatcher', () => {
  test('a pattern matches the whole id or not at all', () => {
    expect(matches('task', 'task')).toBe(true)
    expect(matches('task', 'task_1')).toBe(false)
    expect(matches('ask', 'task')).toBe(false)
    expect(matches('task_.*', 'task_1')).toBe(true)
    expect(matches('a|ab', 'ab')).toBe(true)
    expect(matches('a|b', 'ab')).toBe(false)
    expect(matches('^a$', 'a')).toBe(true)
    expect(matches('', 'a')).toBe(false)
  })

  test("the user guide's pattern selects the three manageables", () => {
    const matcher = new PatternMatcher(['manageable_[1-3]'])
    const ids = ['manageable_1', 'manageable_2', 'manageable_3', 'manageable_4', 'manageable_11']
    expect(ids.filter(id => matcher.match(id).length > 0)).toEqual(ids.slice(0, 3))
  })

  test('it says which of several patterns match', () => {
    const matcher = new PatternMatcher(['a', '.', 'b', 'a+'])
    expect(matcher.match('a')).toEqual([0, 1, 3])
    expect(matcher.match('b')).toEqual([1, 2])
    expect(matcher.match('cc')).toEqual([])
  })

  test('letters beyond ASCII are one character each', () => {
    expect(matches('...', 'äöü')).toBe(true)
    expect(matches('.', '🦊')).toBe(true)
  })

  test('those that need no engine match what it would', () => {
    for (const id of ['task', 'task_1', '', '日本', 'a b', 'a\nb', '\n'])
      for (const pattern of ['.*', 'task', 'task_1', 'a'])
        expect([pattern, id, matches(pattern, id)]).toEqual([pattern, id, matches(`(?:${pattern})`, id)])
  })

  test('case matters unless the pattern says otherwise', () => {
    expect(matches('A', 'a')).toBe(false)
    expect(matches('(?i)A', 'a')).toBe(true)
  })

  test('no pattern can hang a command: its time is linear in the id', () => {
    const begin = performance.now()
    for (const pattern of ['(a+)+$', '(a|a)*b', '(a*)*b', '(.*a){20}b', '(x+x+)+y'])
      expect(matches(pattern, `${'a'.repeat(200)}!`)).toBe(false)
    expect(matches('(a+)+', 'a'.repeat(100_000))).toBe(true)
    expect(performance.now() - begin).toBeLessThan(2000)
  })

  test('an invalid pattern is wrong usage, on one line and with a hint', async () => {
    for (const pattern of ['(', '[', '*', 'a{2,1}', '(?P<n', '\\', '(?=a)', '(a)\\1', '(?<!a)b', 'a{1001}']) {
      const error = await refusal(() => new PatternMatcher(['ok', pattern]))
      expect([pattern, error.code, error.exitStatus]).toEqual([pattern, 'usage', 2])
      expect(error.message).toStartWith(`invalid pattern "${pattern}": `)
      expect(error.message).toContain('patterns are regular expressions of RE2 syntax')
      expect(error.message).not.toContain('\n')
    }
  })
})
