/** Times and widths as the user guide prints them. */
import { localOffset } from '../system/local-time.ts'

/** Local time: `2024-07-14 19:29:05`. @param zone the value of $TZ */
export function formatTime(time: Date, zone: string | undefined): string {
  const local = new Date(time.getTime() + localOffset(time, zone) * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

/** Local time with milliseconds: `2024-07-14 19:29:05,231`. @param zone the value of $TZ */
export function formatExactTime(time: Date, zone: string | undefined): string {
  return `${formatTime(time, zone)},${String(time.getUTCMilliseconds()).padStart(3, '0')}`
}

/** A duration: `0:00:49`, `1 day, 2:03:04`, `12 days, 0:00:00`. @param milliseconds not negative */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const days = Math.floor(seconds / 86_400)
  const clock = `${Math.floor(seconds / 3600) % 24}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}

/** Rows as columns: each but the last is as wide as its widest cell, at least nine as in the guide, and a space. */
export async function formatTable(rows: readonly (readonly string[])[], least = 9): Promise<string[]> {
  const widthOf = await measureFor(rows)
  const widths: number[] = []
  const last = (rows[0]?.length ?? 0) - 1 // which needs no width
  for (const row of rows)
    for (let column = 0; column < last; column++)
      widths[column] = Math.max(widths[column] ?? least, widthOf(row[column] ?? ''))
  return rows.map(row => {
    let line = ''
    row.forEach((cell, column) => {
      line += column === last ? cell : cell + ' '.repeat((widths[column] ?? 0) + 1 - widthOf(cell))
    })
    return line.trimEnd()
  })
}

/** Texts made as wide as the widest of them. */
export async function padAll(texts: readonly string[]): Promise<string[]> {
  const widthOf = await measureFor([texts])
  const width = Math.max(0, ...texts.map(widthOf))
  return texts.map(text => text + ' '.repeat(width - widthOf(text)))
}

/** How many columns a terminal gives to a string. Only text beyond ASCII needs the tables that know. */
async function measureFor(rows: readonly (readonly string[])[]): Promise<(text: string) => number> {
  const isPlain = rows.every(row => row.every(cell => /^[\x20-\x7e]*$/.test(cell)))
  return isPlain ? text => text.length : (await import('string-width')).default
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
