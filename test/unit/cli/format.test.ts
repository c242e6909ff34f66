import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { formatDuration, formatTable, formatTime, padAll } from '../../../src/cli/format.ts'

describe('formatDuration', () => {
  test('is that of the user guide', () => {
    expect(formatDuration(49_000)).toBe('0:00:49')
  })

  test('counts hours without a leading zero, and days in words', () => {
    const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
    expect(formatDuration(0)).toBe('0:00:00')
    expect(formatDuration(999)).toBe('0:00:00')
    expect(formatDuration(59 * second + 999)).toBe('0:00:59')
    expect(formatDuration(minute)).toBe('0:01:00')
    expect(formatDuration(hour - 1)).toBe('0:59:59')
    expect(formatDuration(10 * hour)).toBe('10:00:00')
    expect(formatDuration(day - 1)).toBe('23:59:59')
    expect(formatDuration(day)).toBe('1 day, 0:00:00')
    expect(formatDuration(day + 2 * hour + 3 * minute + 4 * second)).toBe('1 day, 2:03:04')
    expect(formatDuration(12 * day)).toBe('12 days, 0:00:00')
    expect(formatDuration(1000 * day)).toBe('1000 days, 0:00:00')
  })

  test('loses no second, whatever the duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), milliseconds => {
        const [, days = '0', hours = '', minutes = '', seconds = ''] =
          /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)$/.exec(formatDuration(milliseconds)) ?? []
        const total = Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
        expect(total).toBe(Math.floor(milliseconds / 1000))
        expect(Number(hours)).toBeLessThan(24)
      }),
    )
  })
})

describe('formatTime', () => {
  test('is that of the user guide', () => {
    expect(formatTime(new Date('2024-07-14T19:29:05.999Z'), 'UTC')).toBe('2024-07-14 19:29:05')
  })

  test('is local time', () => {
    expect(formatTime(new Date('2024-12-31T18:45:00Z'), 'Asia/Kathmandu')).toBe('2025-01-01 00:30:00')
    expect(formatTime(new Date('2025-01-01T02:00:00Z'), 'Etc/GMT+5')).toBe('2024-12-31 21:00:00')
  })
})

describe('formatTable', () => {
  test('is the table of the user guide', async () => {
    expect(
      await formatTable([
        ['ID', 'ACTIVE', 'COMMENT'],
        ['manageable_2', 'inactive', 'Comment 2'],
      ]),
    ).toEqual(['ID           ACTIVE    COMMENT', 'manageable_2 inactive  Comment 2'])
  })

  test('columns are at least nine wide, and a space', async () => {
    expect(await formatTable([['a', 'b', 'c']])).toEqual(['a         b         c'])
  })

  test('what a terminal shows twice as wide counts twice', async () => {
    expect(
      await formatTable([
        ['任務一二三四五', 'x', 'y'],
        ['plain', 'x', 'y'],
        ['🦊', 'x', 'y'],
        ['e\u0301', 'x', 'y'],
      ]),
    ).toEqual([
      '任務一二三四五 x         y',
      'plain          x         y',
      '🦊             x         y',
      'e\u0301              x         y',
    ])
  })

  test('no line ends with a space, also when the last cell is empty', async () => {
    expect(await formatTable([['a', 'inactive', '']])).toEqual(['a         inactive'])
  })

  test('nothing is no line', async () => {
    expect(await formatTable([])).toEqual([])
  })
})

describe('padAll', () => {
  test('makes texts as wide as the widest, as a terminal shows them', async () => {
    expect(await padAll(['a', 'long', ''])).toEqual(['a   ', 'long', '    '])
    expect(await padAll(['任務', '🦊', 'plain', 'e\u0301'])).toEqual([
      '任務 ',
      '🦊   ',
      'plain',
      'e\u0301    ',
    ])
    expect(await padAll([])).toEqual([])
  })
})
