import { describe, expect, test } from 'bun:test'
import { asSpmiError, errnoOf, SpmiError } from '../../src/errors.ts'

describe('SpmiError', () => {
  test('says where, what and what to do on one line', () => {
    const cause = new Error('behind it')
    const error = new SpmiError('pool', 'the pool is closed', { hint: 'open it', cause })
    expect([error.message, error.name, error.code, error.cause]).toEqual([
      'the pool is closed; open it',
      'SpmiError',
      'pool',
      cause,
    ])
    expect(new SpmiError('pool', 'plain', { hint: undefined }).message).toBe('plain')
  })

  test('exits with 2 for wrong usage and with 1 for everything else', () => {
    expect(new SpmiError('usage', '').exitStatus).toBe(2)
    for (const code of ['descriptor', 'missing', 'active', 'stop-failed', 'system'] as const)
      expect(new SpmiError(code, '').exitStatus).toBe(1)
  })
})

describe('asSpmiError', () => {
  test('passes a SpmiError on as it is', () => {
    const error = new SpmiError('exists', 'x')
    expect(asSpmiError(error, 'y')).toBe(error)
  })

  test('turns what the system refused into one', () => {
    const cause = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const error = asSpmiError(cause, 'cannot write "x"')
    expect([error.code, error.message, error.cause]).toEqual([
      'system',
      'cannot write "x": no space left',
      cause,
    ])
  })

  test('throws a bug again, so that it keeps its stack', () => {
    for (const bug of [new TypeError('x'), Object.assign(new Error('x'), { code: 'ERR_INVALID' })])
      expect(() => asSpmiError(bug, 'y')).toThrow(bug as Error)
  })
})

test('errnoOf gives the name of a system error alone', () => {
  expect(errnoOf(Object.assign(new Error(''), { code: 'ENOENT' }))).toBe('ENOENT')
  expect([errnoOf(new Error('')), errnoOf('ENOENT'), errnoOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(errnoOf(Object.assign(new Error(''), { code: 2 }))).toBeUndefined()
})
