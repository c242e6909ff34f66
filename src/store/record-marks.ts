/**
 * What the white space at the end of a record says, which JSON does not heed: it costs a list no read. A record that was never started ends
 * with a line feed, one that was with a blank and a line feed. Any other end, be it of one that has replaced another or of one that was cut,
 * says that nothing may be taken for granted.
 */
export const FRESH = '}\n'

/** What the first start puts in the place of that, so that a list looks for runs. */
export const STARTED = '} \n'

const REPLACED = '}\t\n'

/** Whether the text of a record says that its manageable has never been started. */
export function isRecordFresh(record: string): boolean {
  return record.endsWith(FRESH)
}

/** A record's text in place of an older one: its runs may have been started with what that said. */
export function markReplaced(record: string): string {
  return record.slice(0, -FRESH.length) + REPLACED
}

/** Whether the text of a record may have replaced an older one. */
export function isRecordReplaced(record: string): boolean {
  return !record.endsWith(FRESH) && !record.endsWith(STARTED)
}
