/**
 * How the store touches files: reads that cannot hang or swell, and writes that are whole or not there.
 * Directories are made 0700 and files 0600, whatever the umask is.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf, SpmiError } from '../errors.ts'
import { isAlive, thisProcess } from '../system/process.ts'
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
 * @throws SpmiError `damaged` when it is larger than the limit, 1 MiB; system errors as they are
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
    throw error
  }
  try {
    let length = readSync(fd, buffer, 0, buffer.length, null)
    if (length < buffer.length) return decode(buffer.subarray(0, length))
    const chunks: Buffer[] = []
    for (let total = 0; length > 0; length = readSync(fd, buffer, 0, buffer.length, null)) {
      total += length
      if (total > limit) throw new SpmiError('damaged', `"${path}" is larger than ${limit} bytes`)
      chunks.push(Buffer.from(buffer.subarray(0, length)))
    }
    return decode(Buffer.concat(chunks))
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

/** The names in a directory, or undefined when there is no such directory. */
export function listDirectory(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** Makes a file that must not exist yet. One that cannot be written to its end is not left behind. */
export function createFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  const fd = openSync(path, 'wx', mode)
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
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

/** Appends to a file that exists. */
export function appendToFile(path: string, content: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW)
  try {
    writeSync(fd, content)
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
    throw error
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
 * Makes a directory under a hidden name, to be filled and then renamed to its own.
 * @returns its path
 */
export function makeHiddenDirectory(parent: string, kind: 'new' | 'gone'): string {
  const path = join(parent, temporaryName(kind))
  mkdirSync(path, { mode: 0o700 })
  return path
}

/**
 * Renames a hidden directory, which is not empty, to its own name. rename(2) refuses a name that is taken by a
 * directory that is not empty, so of two only one gets it.
 * @returns false when the name is taken
 */
export function publishDirectory(hidden: string, path: string): boolean {
  try {
    renameSync(hidden, path)
    return true
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false
    throw error
  }
}

/** Removes a directory and all that it holds; one that is gone already is fine. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

/**
 * Takes the name from a directory that is to be removed, so that nobody sees half of it. That is to be on the disk before anything in
 * it is removed. What a crash leaves has a hidden name, which is swept.
 * @param mayGo looks at it once more under its hidden name, where nobody reaches it, and says whether it may go; else it is put back
 * @returns its hidden path; undefined when it was put back
 * @throws ENOENT as a system error when it is gone already
 */
export function hideDirectory(
  path: string,
  mayGo: (hidden: string) => boolean = () => true,
): string | undefined {
  const hidden = join(dirname(path), temporaryName('gone'))
  renameSync(path, hidden)
  return !mayGo(hidden) && publishDirectory(hidden, path) ? undefined : hidden
}

/** Removes at once what nobody was told of yet. @returns whether it has gone @throws as `hideDirectory` does */
export function removeAtOnce(path: string, mayGo?: (hidden: string) => boolean): boolean {
  const hidden = hideDirectory(path, mayGo)
  if (hidden !== undefined) removeDirectory(hidden)
  return hidden !== undefined
}

let made = 0

/** A hidden name that says who made it, and is made once: `.KIND-PID-START-BOOT-COUNT-HOST`. */
export function temporaryName(kind: 'new' | 'gone'): string {
  const { pid, start, boot, host } = thisProcess()
  return `.${kind}-${pid}-${start}-${boot.slice(0, 8)}-${++made}-${host}`
}

const TEMPORARY = /^\.(?:new|gone)-(\d+)-(\d+)-([0-9a-f]*)-\d+-(.*)$/

/** Removes what dead makers of this host left under hidden names. What another host made is left to it. */
export function sweepTemporaries(directory: string, names: readonly string[]): void {
  const here = thisProcess()
  for (const name of names) {
    const [, pid, start, boot, host] = TEMPORARY.exec(name) ?? []
    if (host !== here.host) continue
    const isThisBoot = here.boot.startsWith(boot ?? '')
    if (isThisBoot && isAlive({ ...here, pid: Number(pid), start: Number(start) })) continue
    removeDirectory(join(directory, name))
  }
}

/**
 * Reads a JSON file of ours; undefined when it is not there, or was made and not written yet.
 * @throws SpmiError `damaged`
 */
export function readJson<T>(path: string): T | undefined {
  const text = readSmallFile(path)
  if (text === undefined || text === '') return undefined // made, but not written yet
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new SpmiError('damaged', `"${path}" is damaged: ${(error as Error).message}`, { cause: error })
  }
}
