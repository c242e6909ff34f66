/**
 * Ids name directories, so only what is safe as a directory name is an id.
 */

/** The longest id, in bytes of UTF-8. Source: NAME_MAX is 255 on Linux; the rest is left for names made of it. */
export const ID_LIMIT = 200

/**
 * What `refuseId` lets pass, but for its length and for invalid Unicode: for those who can only be told a pattern. The regular
 * expressions of other languages must read it too.
 */
export const ID_PATTERN =
  /^[^./\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069-][^/\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/

/** What a terminal obeys, or what turns the direction of writing, so that one id looks like another. */
const CONTROL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

/** Why a string cannot be an id, as the end of a sentence; undefined when it can. */
export function refuseId(id: string): string | undefined {
  if (id === '') return 'must not be empty'
  if (CONTROL.test(id)) return 'must not hold control characters'
  if (id.includes('/')) return 'must not hold a "/"'
  if (id.startsWith('.')) return 'must not begin with a "."'
  if (id.startsWith('-')) return 'must not begin with a "-"'
  if (!id.isWellFormed()) return 'must be valid Unicode'
  if (Buffer.byteLength(id) > ID_LIMIT) return `must not be longer than ${ID_LIMIT} bytes`
  return undefined
}
