/**
 * What is read, cut where lines end, so that others who write to the same place do not come between: a read may end anywhere. A line
 * whose end does not come soon is passed on all the same, because it may be keys for a terminal.
 */
import { sleep } from '../system/sleep.ts'

/** Milliseconds for which the end of a line is waited for. */
const PATIENCE = 50

/** Bytes of a line for which its end is waited. */
const LIMIT = 4096

const LINE_FEED = 10

/** The pieces of a source, which end with lines where they can. */
export async function* inWholeLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  let reading: Promise<IteratorResult<Uint8Array>> | undefined
  let rest = Buffer.alloc(0)
  for (;;) {
    reading ??= iterator.next()
    const read = rest.length === 0 ? await reading : await orPause(reading)
    if (read === undefined) {
      yield rest
      rest = Buffer.alloc(0)
      continue
    }
    reading = undefined
    if (read.done) break
    const bytes = Buffer.concat([rest, read.value])
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    const cut = bytes.length - end > LIMIT ? bytes.length : end
    if (cut > 0) yield bytes.subarray(0, cut)
    rest = bytes.subarray(cut)
  }
  if (rest.length > 0) yield rest
}

/** What comes soon; undefined when nothing does. */
async function orPause<T>(coming: Promise<T>): Promise<T | undefined> {
  const come = new AbortController()
  const pause = sleep(PATIENCE, come.signal).then(() => undefined)
  return Promise.race([coming, pause]).finally(() => come.abort())
}
