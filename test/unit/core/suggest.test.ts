import { describe, expect, test } from 'bun:test'
import { suggest } from '../../../src/core/suggest.ts'

describe('suggest', () => {
  test('names the nearest right name', () => {
    expect(suggest('comand', ['comment', 'command', 'cwd'])).toBe('did you mean "command"?')
    expect(suggest('strat', ['stop', 'start', 'status'])).toBe('did you mean "start"?')
    expect(suggest('lst', ['list'])).toBe('did you mean "list"?')
  })

  test('takes two neighbours in the wrong order for one slip, like a letter too many or one left out', () => {
    expect(suggest('wiat', ['list', 'edit', 'wait'])).toBe('did you mean "wait"?')
    expect(suggest('ehco', ['each', 'echo'])).toBe('did you mean "echo"?')
    expect(suggest('nwe', ['now', 'new'])).toBe('did you mean "new"?')
    expect(suggest('--fololw', ['--follow'])).toBe('did you mean "--follow"?')
  })

  test('takes the only name that begins so, but not one of several, and not for a letter or two', () => {
    expect(suggest('--dry', ['--debug', '--dry-run'])).toBe('did you mean "--dry-run"?')
    expect(suggest('comp', ['check', 'completion'])).toBe('did you mean "completion"?')
    expect(suggest('simulation', ['simulation_of_water', 'simulation_of_ice'])).toBeUndefined()
    expect(suggest('--de', ['--description'])).toBeUndefined()
  })

  test('counts as few slips as there are', () => {
    // The first of three that are equally near, and never one that is farther than another.
    expect(suggest('abcdef', ['badcfe', 'abdcef', 'abcdfe'])).toBe('did you mean "abdcef"?')
    expect(suggest('abcdef', ['badcef', 'abcdeg'])).toBe('did you mean "abcdeg"?')
    expect(suggest('abcdefghi', ['badcfeghi'])).toBe('did you mean "badcfeghi"?')
    expect(suggest('abcdefghi', ['badcfehgi'])).toBeUndefined()
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
