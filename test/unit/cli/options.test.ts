import { describe, expect, test } from 'bun:test'
import { readAssignment, readCount, readDuration, readLines, readTime } from '../../../src/cli/options.ts'
import { refusal } from '../refusal.ts'

describe('an assignment', () => {
  test('is split at its first equals sign, and its text may hold anything', () => {
    expect(readAssignment('nodes=2')).toEqual({ key: 'nodes', text: '2' })
    expect(readAssignment('options=["--x=1"]')).toEqual({ key: 'options', text: '["--x=1"]' })
    expect(readAssignment('a-b_1=')).toEqual({ key: 'a-b_1', text: '' })
    expect(readAssignment('a=b\nc=d')).toEqual({ key: 'a', text: 'b\nc=d' })
  })

  test('without a key or an equals sign is refused', async () => {
    for (const text of ['nodes', '=2', '', 'a b=1', '"a"=1', 'a.b=1']) {
      const { code, message } = await refusal(() => readAssignment(text))
      expect([code, message]).toEqual(['usage', `"${text}" is not of the form key=value`])
    }
  })
})

describe('a duration', () => {
  test('is a number of seconds, or a sum of days, hours, minutes and seconds', () => {
    const known = {
      '0': 0,
      '90': 90_000,
      '0.5': 500,
      '1h30m': 5_400_000,
      '2d': 172_800_000,
      '1m0.25s': 60_250,
    }
    for (const [text, milliseconds] of Object.entries(known))
      expect([text, readDuration(text)]).toEqual([text, milliseconds])
  })

  test('that is anything else is refused', async () => {
    for (const text of ['', 's', '-1', '1 h', '30m1h', '1h1h', '1e3', '.5', '1w']) {
      const { code, message } = await refusal(() => readDuration(text))
      expect([code, message]).toEqual(['usage', `"${text}" is not a duration such as 90 (seconds) or 1h30m`])
    }
  })
})

const refuses = async (read: (text: string) => unknown, ...texts: readonly string[]) => {
  for (const text of texts) expect((await refusal(() => read(text))).code).toBe('usage')
}

test('a count is a whole number from 1 on; lines may be none or all', async () => {
  expect([readCount('1'), readCount('010')]).toEqual([1, 10])
  expect([readLines('0'), readLines('25'), readLines('all')]).toEqual([0, 25, Number.POSITIVE_INFINITY])
  await refuses(readCount, '0', '-1', '1.5', '', 'all', '1e3')
  await refuses(readLines, '-1', '1.5', '', 'ALL', '1 ')
})

test('a time is a date with or without a clock, or so long ago', async () => {
  expect(readTime('2026-11-24T06:14:11Z').toISOString()).toBe('2026-11-24T06:14:11.000Z')
  expect(readTime('2026-11-24 06:14+02:00').toISOString()).toBe('2026-11-24T04:14:00.000Z')
  expect(readTime('2026-11-24')).toEqual(new Date(2026, 10, 24))
  expect(readTime('2026-11-24 06:14')).toEqual(new Date(2026, 10, 24, 6, 14))
  for (const text of ['10m', '600'])
    expect(Math.abs(Date.now() - 600_000 - Number(readTime(text)))).toBeLessThan(1000)
  await refuses(readTime, '', 'tomorrow', '2026-13-01', '24.11.2026', '06:14', '-5m', '2026-11-24 6:14')
})
