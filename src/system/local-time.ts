/**
 * The offset of local time from UTC, read from the system's own table. The runtime's Date knows it too, but its first
 * question for local time takes 4 to 8 ms, which is as long as all the rest of a short command; so it is asked only
 * where the table does not say. Source: tzfile(5), RFC 9636 (TZif).
 */
import { readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/**
 * Minutes that local time is ahead of UTC.
 * @param zone the value of $TZ
 */
export function localOffset(time: Date, zone: string | undefined): number {
  const table = readTable(zone)
  const seconds = table && findOffset(table, Math.floor(time.getTime() / 1000))
  return seconds === undefined ? -time.getTimezoneOffset() : Math.round(seconds / 60)
}

let cached: { readonly zone: string | undefined; readonly table: DataView | undefined } | undefined

function readTable(zone: string | undefined): DataView | undefined {
  if (cached === undefined || cached.zone !== zone) cached = { zone, table: readZone(zone) }
  return cached.table
}

function readZone(zone: string | undefined): DataView | undefined {
  const isName = zone !== undefined && /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(zone)
  if (zone !== undefined && !isName) return undefined
  try {
    const { buffer, byteOffset, byteLength } = readFileSync(
      zone === undefined ? '/etc/localtime' : `/usr/share/zoneinfo/${zone}`,
    )
    return new DataView(buffer, byteOffset, byteLength)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined // no such table
  }
}

const HEADER = 44
const MAGIC = 0x545a6966 // "TZif"

/** The offset in seconds at a time, or undefined where the table of this version or its end does not say. */
function findOffset(table: DataView, seconds: number): number | undefined {
  if (table.byteLength < 2 * HEADER || table.getUint32(0) !== MAGIC || table.getUint8(4) < 0x32)
    return undefined
  const first = readCounts(table, 0)
  // The first block has 32-bit times for old readers; the second, with 64-bit times, is the one that counts.
  const { transitions, types, abbreviations, leaps, standards, universals, start } = readCounts(
    table,
    sizeOf(first, 4),
  )
  const indices = start + transitions * 8
  const infos = indices + transitions
  const footer = infos + types * 6 + abbreviations + leaps * 12 + standards + universals
  const offsetOf = (type: number) => table.getInt32(infos + type * 6)
  let low = 0
  let high = transitions
  while (low < high) {
    const middle = (low + high) >> 1
    if (Number(table.getBigInt64(start + middle * 8)) <= seconds) low = middle + 1
    else high = middle
  }
  if (low === transitions && hasRule(table, footer)) return undefined // summer time is ruled by the footer
  return offsetOf(low === 0 ? 0 : table.getUint8(indices + low - 1))
}

function readCounts(table: DataView, at: number) {
  const count = (index: number) => table.getUint32(at + 20 + index * 4)
  return {
    universals: count(0),
    standards: count(1),
    leaps: count(2),
    transitions: count(3),
    types: count(4),
    abbreviations: count(5),
    start: at + HEADER,
  }
}

function sizeOf(counts: ReturnType<typeof readCounts>, timeSize: number): number {
  const { transitions, types, abbreviations, leaps, standards, universals } = counts
  return (
    HEADER +
    transitions * (timeSize + 1) +
    types * 6 +
    abbreviations +
    leaps * (timeSize + 4) +
    standards +
    universals
  )
}

/** Whether the footer, a $TZ string between line feeds, has a rule for summer time, which is behind a comma. */
function hasRule(table: DataView, footer: number): boolean {
  for (let at = footer; at < table.byteLength; at++) if (table.getUint8(at) === 0x2c) return true
  return false
}
