/**
 * What the white space at the end of a record says, which JSON does not heed: it costs a list no read. A record that was never
 * started ends with one line feed, one that was with two, and one that has replaced another one with three or more.
 */

/** What the first start appends to the record: white space to JSON, but a list need not look for runs without it. */
export const STARTED_MARK = '\n'

/** Whether the text of a record says that its manageable has never been started. */
export function isRecordFresh(record: string): boolean {
  return !record.endsWith(`\n${STARTED_MARK}`)
}

/** A record's text for a manageable that may have been started. */
export function markRecord(record: string): string {
  return record + STARTED_MARK
}

/** A record's text in place of an older one: its runs may have been started with what that said. */
export function markReplaced(record: string): string {
  return markRecord(markRecord(record))
}

/** Whether the text of a record has replaced an older one. */
export function isRecordReplaced(record: string): boolean {
  return record.endsWith(`\n${STARTED_MARK}${STARTED_MARK}`)
}
