import { describe, expect, test } from 'bun:test'
import { suggest } from '../../../src/core/suggest.ts'

describe('suggest', () => {
  test('names the nearest right name', () => {
    expect(suggest('comand', ['comment', 'command', 'cwd'])).toBe('did you mean "command"?')
    expect(suggest('strat', ['stop', 'start', 'status'])).toBe('did you mean "start"?')
    expect(suggest('lst', ['list'])).toBe('did you mean "list"?')
  })

  test('is silent when none is near, so that nobody is led astray', () => {
    expect(suggest('xyzzy', ['command', 'cwd'])).toBeUndefined()
    expect(suggest('a', ['bcd'])).toBeUndefined()
    expect(suggest('x', [])).toBeUndefined()
  })

  test('is silent when the name is right', () => {
    expect(suggest('list', ['list', 'lost'])).toBeUndefined()
  })

  test('takes one wrong letter for near even in the shortest names', () => {
    expect(suggest('b', ['a'])).toBe('did you mean "a"?')
  })
})
