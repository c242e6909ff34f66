/**
 * How the store touches files: reads that cannot hang or swell, and writes that are whole or not there.
 * Directories are made 0700 and files 0600, whatever the umask is.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf } from '../errors.ts'
import { asDamaged, DamagedFile, MOVE_AWAY, mustBeFile } from './damage.ts'
import { temporaryName } from './hidden.ts'
import { sync } from './sync.ts'

/** Our own files are small; one that is larger is damaged. In bytes. */
const LIMIT = 1 << 20

const READ = constants.O_RDONLY | constants.O_NONBLOCK

const buffer = Buffer.allocUnsafe(1 << 16)

/** How a small file is read. */
export interface ReadOptions {
  readonly links?: 'refuse' | 'follow'
  /** In bytes: one that is larger is damaged. */
  readonly limit?: number
  /** Makes its text; of what is not UTF-8 otherwise U+FFFD is left. */
  readonly decode?: (bytes: Buffer) => string
}

/**
 * A small file as text, or undefined when it does not exist. Never blocks on a FIFO or, unless told to, follows a
 * symlink.
 * @throws SpmiError `damaged` when it is larger than the limit, 1 MiB, is no file, or cannot be read; system errors that say nothing of it
 */
export function readSmallFile(
  path: string,
  { links = 'refuse', limit = LIMIT, decode = decodeUtf8 }: ReadOptions = {},
): string | undefined {
  let fd: number
  try {
    fd = openSync(path, links === 'refuse' ? READ | constants.O_NOFOLLOW : READ)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw asDamaged(path, error)
  }
  try {
    let length = readSync(fd, buffer, 0, buffer.length, null)
    if (length === 0 && links === 'refuse') mustBeFile(path, fstatSync(fd)) // what is none may give nothing as well
    if (length < buffer.length) return decode(buffer.subarray(0, length))
    const chunks: Buffer[] = []
    for (let total = 0; length > 0; length = readSync(fd, buffer, 0, buffer.length, null)) {
      total += length
      if (total > limit) throw new DamagedFile(path, `it is larger than ${limit} bytes`)
      chunks.push(Buffer.from(buffer.subarray(0, length)))
    }
    return decode(Buffer.concat(chunks))
  } catch (error) {
    throw error instanceof DamagedFile ? error : asDamaged(path, error)
  } finally {
    closeSync(fd)
  }
}

function decodeUtf8(bytes: Buffer): string {
  return bytes.toString('utf8')
}

/** Whether a path leads to a directory. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

/** The names in a directory, or undefined when there is nothing of the name. @throws SpmiError `damaged` when it is something else */
export function listDirectory(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch (error) {
    const errno = errnoOf(error) ?? ''
    if (!['ENOENT', 'ENOTDIR'].includes(errno)) throw asDamaged(path, error)
    if (isThere(path)) throw new DamagedFile(path, 'it is not a directory', MOVE_AWAY)
    return undefined
  }
}

/** Whether there is anything of a name, be it a symlink that leads nowhere. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false // a folder above it is none
  }
}

/** Makes a file that must not exist yet. One that cannot be written to its end is not left behind. */
export function createFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  const fd = openSync(path, 'wx', mode)
  try {
    writeFileSync(fd, content)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
}

/** Whether a system error says that the disk, or the user's share of it, is full. */
export function isOutOfRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')
}

/** Puts another end in the place of a file's own, by one write, if it has the one that is meant. */
export function replaceEnd(path: string, end: string, other: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const at = fstatSync(fd).size - end.length
    const length = at < 0 ? 0 : readSync(fd, buffer, 0, end.length, at)
    if (buffer.toString('latin1', 0, length) === end) writeSync(fd, other, at)
  } finally {
    closeSync(fd)
  }
}

/** Puts a file in place of an older one or none: readers see the one or the other, whole, also after a cut of power. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), temporaryName('new'))
  try {
    createFile(temporary, content)
    await sync([temporary])
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw errnoOf(error) === 'EISDIR' ? asDamaged(path, error) : error
  }
}

/** Makes a directory, 0700. @returns false when there is one already */
export function ensureDirectory(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Reads a JSON file of ours; undefined when it is not there, or was made and not written yet.
 * @param isWhole whether it has the shape that we gave it
 * @throws SpmiError `damaged`
 */
export function readJson<T>(path: string, isWhole: (value: unknown) => value is T): T | undefined {
  const text = readSmallFile(path)
  if (text === undefined || text === '') return undefined
  const value = parse(path, text)
  if (!isWhole(value)) throw new DamagedFile(path, 'it does not say what it is to say')
  return value
}

function parse(path: string, text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw new DamagedFile(path, (error as SyntaxError).message)
  }
}

/** The value of a JSON text. @throws SyntaxError in words of ours: those of a parser quote the text */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyntaxError(text === '' ? 'it is empty' : 'it is not JSON')
  }
}
