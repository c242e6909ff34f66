import { afterEach, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { localOffset } from '../../../src/system/local-time.ts'
import { useFolder } from '../folder.ts'
import { needs } from '../needs.ts'

const folder = useFolder()
const ZONES = '/usr/share/zoneinfo'
const withZones = needs('the time zone database (tzdata)', existsSync(ZONES))

/** Ruled by summer time without end, with half hours, with days left out, with seconds in 1970, and none of it. */
const ODD = [
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Antarctica/Troll',
  'Asia/Gaza',
  'Asia/Kathmandu',
  'Etc/GMT+5',
  'UTC',
]

function listZones(directory = ZONES): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    const path = join(directory, entry.name)
    if (['posix', 'right', 'posixrules', 'localtime'].includes(entry.name)) return []
    if (entry.isDirectory()) return listZones(path)
    const isTable = statSync(path).size > 4 && readFileSync(path).toString('latin1', 0, 4) === 'TZif'
    return isTable ? [path.slice(ZONES.length + 1)] : []
  })
}

/** Minutes ahead of UTC, as date(1) reads them from the same tables. */
function askDate(zone: string, times: readonly number[]): number[] {
  folder.write('times', times.map(time => `@${time}\n`).join(''))
  const { stdout } = spawnSync('date', ['-f', folder.join('times'), '+%::z'], {
    env: { ...process.env, TZ: zone },
    encoding: 'utf8',
  })
  return stdout
    .trim()
    .split('\n')
    .map(line => {
      const [hours = 0, minutes = 0, seconds = 0] = line.slice(1).split(':').map(Number)
      return Math.round(((line[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds)) / 60)
    })
}

describe('localOffset', () => {
  const before = process.env.TZ
  afterEach(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })

  const second = fc.integer({ min: 0, max: Date.UTC(2100, 0) / 1000 })

  function check(zones: readonly string[], count: number): void {
    for (const zone of zones) {
      process.env.TZ = zone
      const times = fc.sample(second, count)
      const expected = askDate(zone, times)
      const given = times.map(time => localOffset(new Date(time * 1000), zone))
      const wrong = times.flatMap((time, index) =>
        given[index] === expected[index]
          ? []
          : [{ zone, time, given: given[index], expected: expected[index] }],
      )
      expect(wrong).toEqual([])
    }
  }

  withZones('is that of date(1) in odd zones, at random times from 1970 to 2100', () => check(ODD, 1000))

  withZones(
    'is that of date(1) in every zone, at random times from 1970 to 2100',
    () => check(listZones(), 25),
    20_000,
  )

  withZones('changes in the second in which summer time begins and ends', () => {
    for (const year of [2024, 2040, 2099]) {
      process.env.TZ = 'Europe/Berlin'
      const sundayOf = (month: number) => {
        const last = new Date(Date.UTC(year, month + 1, 0, 1))
        return last.getTime() - last.getUTCDay() * 86_400_000
      }
      const at = (time: number) => localOffset(new Date(time), 'Europe/Berlin')
      expect([at(sundayOf(2) - 1), at(sundayOf(2))]).toEqual([60, 120])
      expect([at(sundayOf(9) - 1), at(sundayOf(9))]).toEqual([120, 60])
    }
  })

  withZones('without $TZ is that of the system', () => {
    delete process.env.TZ
    const zone = { ...process.env }
    delete zone.TZ
    const { stdout } = spawnSync('date', ['-d', '@1700000000', '+%:::z'], { env: zone, encoding: 'utf8' })
    const [hours = 0, minutes = 0] = stdout.trim().slice(1).split(':').map(Number)
    const expected = (stdout[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
    expect(localOffset(new Date(1_700_000_000_000), undefined)).toBe(expected)
  })

  test("is left to the runtime where $TZ is a rule, a path or nobody's zone", () => {
    process.env.TZ = 'UTC'
    const time = new Date(1_700_000_000_000)
    for (const zone of [
      '',
      ':UTC',
      '../../../etc/passwd',
      '/etc/passwd',
      'No/Such_Zone',
      'Europe',
      'a\0b',
      'zone.tab',
    ])
      expect([zone, localOffset(time, zone)]).toEqual([zone, -time.getTimezoneOffset()])
  })
})
