import { describe, expect, test } from 'bun:test'
import { DetachKeys } from '../../../src/cli/detach-keys.ts'

/** What reaches the program of what is typed in these pieces, and whether one leaves. */
function type(...pieces: readonly string[]): [string, boolean] {
  const keys = new DetachKeys()
  let passed = ''
  for (const piece of pieces) {
    const { bytes, isLeaving } = keys.take(Buffer.from(piece))
    passed += Buffer.from(bytes).toString()
    if (isLeaving) return [passed, true]
  }
  return [passed, false]
}

describe('the detach keys', () => {
  test('leave, and what was typed before them is passed on', () => {
    expect(type('\x1dd')).toEqual(['', true])
    expect(type('vi\x1ddx')).toEqual(['vi', true])
    expect(type('a', '\x1d', 'd')).toEqual(['a', true])
  })

  test('are passed on when they are typed twice, and before other keys', () => {
    expect(type('\x1d\x1d')).toEqual(['\x1d', false])
    expect(type('\x1d\x1dd')).toEqual(['\x1dd', false])
    expect(type('\x1dx', 'd')).toEqual(['\x1dxd', false])
    expect(type('\x1d', '\x1d', '\x1d', 'd')).toEqual(['\x1d', true])
  })

  test('let all else through as it is', () => {
    expect(type('d]^\x04\x1b[A\x03', '日本')).toEqual(['d]^\x04\x1b[A\x03日本', false])
  })
})
