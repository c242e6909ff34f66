import { describe, expect, test } from 'bun:test'
import { sleep } from '../../../src/system/sleep.ts'

describe('sleep', () => {
  test('lasts as long as it is told to', async () => {
    const begin = performance.now()
    await sleep(20)
    expect(performance.now() - begin).toBeGreaterThan(15)
  })

  test('ends as soon as its signal is aborted', async () => {
    const leaving = new AbortController()
    const begin = performance.now()
    const slept = sleep(60_000, leaving.signal)
    leaving.abort()
    await slept
    expect(performance.now() - begin).toBeLessThan(5000)
  })
})
