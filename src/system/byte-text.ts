/**
 * Text that keeps every byte. Variables and arguments are bytes, of which the runtimes make text; what is not UTF-8 becomes U+FFFD
 * there, and is lost. Here each such byte is a lone surrogate, U+DC80 to U+DCFF, which no valid text holds, and is that byte again
 * when it is written. Source: PEP 383 (Python's "surrogateescape").
 */
import { readFileSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A character of two bytes or more, or else a byte that belongs to none. Source: the Unicode Standard, table 3-7. */
const BEYOND_ASCII =
  /[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\x80-\xff]/g

/** The text of some bytes, valid or not. */
export function toText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    const characters = Buffer.from(bytes).toString('latin1') // one for each byte
    return characters.replaceAll(BEYOND_ASCII, found =>
      found.length === 1 ? String.fromCharCode(0xdc00 + found.charCodeAt(0)) : toUtf8(found),
    )
  }
}

function toUtf8(characters: string): string {
  return Buffer.from(characters, 'latin1').toString('utf8')
}

/** The bytes of a text that was made by `toText`, or is valid. */
export function toBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  // With the flag u only those match that are not half of a character; latin1 takes their lower eight bits.
  const pieces = text.split(/([\udc80-\udcff]+)/u)
  return Buffer.concat(pieces.map((piece, index) => Buffer.from(piece, index % 2 === 1 ? 'latin1' : 'utf8')))
}

/**
 * The variables of this process with the bytes that it was given.
 * @param variables as the runtime has them; what was changed since is left as it is
 */
export function restoreVariables(
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const restored = { ...variables }
  if (!Object.values(restored).some(value => value?.includes(LOST))) return restored
  for (const line of readGiven('environ')) {
    const name = line.slice(0, line.indexOf('='))
    const value = line.slice(name.length + 1)
    if (Object.hasOwn(restored, name) && isSame(value, restored[name])) restored[name] = value
  }
  return restored
}

/** The arguments of this process with the bytes that it was given. @param words the last of them, as the runtime has them */
export function restoreArguments(words: readonly string[]): readonly string[] {
  if (!words.some(word => word.includes(LOST))) return words
  const given = readGiven('cmdline').slice(-words.length)
  return words.map((word, index) => {
    const text = given[index] ?? word
    return isSame(text, word) ? text : word
  })
}

/** What the runtimes make of what is not UTF-8. */
const LOST = '\ufffd'

/** Whether the runtimes make one of the other. */
function isSame(text: string, lossy: string | undefined): boolean {
  return toBytes(text).toString('utf8') === lossy
}

/** What the kernel says that this process was given: texts, a NUL after each. Source: proc(5). */
function readGiven(file: 'environ' | 'cmdline'): readonly string[] {
  try {
    const characters = readFileSync(`/proc/self/${file}`, 'latin1')
    return characters
      .split('\0')
      .slice(0, -1)
      .map(text => toText(Buffer.from(text, 'latin1')))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return [] // no /proc, or not for us: then it stays as the runtime has it
  }
}
