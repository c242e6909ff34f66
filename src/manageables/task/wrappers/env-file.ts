/**
 * Files of variables (`env_file`): lines `NAME=value`, as people know them from dotenv. The parsers of the runtimes keep nothing that is
 * not UTF-8, and guess, each in its own way, where a quote does not end or a line says nothing. This one keeps every byte, and refuses.
 */
import { errnoOf, SpmiError } from '../../../errors.ts'
import { readSmallFile } from '../../../store/files.ts'
import { toText } from '../../../system/byte-text.ts'

/** A line, or several where a quote goes on: empty, a comment, or a variable with its value in one of three quotes or none. */
const LINE =
  /[ \t]*(?:(?:export[ \t]+)?([^\s=#'"`]+)[ \t]*=[ \t]*(?:'([^']*)'|`([^`]*)`|"([^"\\]*(?:\\.[^"\\]*)*)"|([^\n#'"`][^\n#]*)?)[ \t]*)?(?:#[^\n]*)?(?:\n|$)/sy

/**
 * Reads the variables of a file.
 * @throws SpmiError `start-failed` for a file that is not there, cannot be read or says something else
 */
export function readVariables(path: string): Readonly<Record<string, string>> {
  try {
    // A character for each byte: all that the syntax knows is ASCII.
    const content = readSmallFile(path, { links: 'follow', decode: bytes => bytes.toString('latin1') })
    if (content !== undefined) return parseVariables(content)
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof SpmiError)) throw error
    throw new SpmiError('start-failed', `env_file "${path}" cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  throw new SpmiError('start-failed', `env_file "${path}" does not exist`)
}

/** @param bytes a character for each byte */
export function parseVariables(bytes: string): Record<string, string> {
  const text = bytes.replace(/^\xef\xbb\xbf/, '').replaceAll('\r\n', '\n')
  const found: [string, string][] = []
  for (let at = 0; at < text.length; at = LINE.lastIndex) {
    LINE.lastIndex = at
    const [line, name, single, backtick, double, plain] = LINE.exec(text) ?? []
    const refuse = (reason: string) =>
      new SpmiError('start-failed', `line ${text.slice(0, at).split('\n').length} ${reason}`)
    if (line === undefined)
      throw refuse('is neither NAME=value nor a comment, or has a quote that does not end')
    if (line.includes('\0')) throw refuse('holds a NUL character')
    if (name === undefined) continue
    const value =
      single ?? backtick ?? double?.replaceAll(/\\([n"])/g, readEscape) ?? plain?.replace(/[ \t]+$/, '') ?? ''
    found.push([name, toText(Buffer.from(value, 'latin1'))])
  }
  return Object.fromEntries(found)
}

function readEscape(_escape: string, letter: string): string {
  return letter === 'n' ? '\n' : letter
}
