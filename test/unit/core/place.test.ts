import { describe, expect, test } from 'bun:test'
import { resolvePath } from '../../../src/core/place.ts'

const place = { folder: '/etc/jobs', home: '/home/somebody' }

describe('resolvePath', () => {
  test('counts relative paths from the folder of the descriptor', () => {
    expect(resolvePath('data/in', place)).toBe('/etc/jobs/data/in')
    expect(resolvePath('.', place)).toBe('/etc/jobs')
    expect(resolvePath('../x', place)).toBe('/etc/x')
  })

  test("takes ~ for the user's home, and only at the beginning and alone", () => {
    expect(resolvePath('~', place)).toBe('/home/somebody')
    expect(resolvePath('~/x', place)).toBe('/home/somebody/x')
    expect(resolvePath('~root/x', place)).toBe('/etc/jobs/~root/x')
    expect(resolvePath('a/~', place)).toBe('/etc/jobs/a/~')
  })

  test('leaves absolute paths where they are', () => {
    expect(resolvePath('/x/../y', place)).toBe('/y')
  })
})
