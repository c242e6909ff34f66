/** A run's output: written by its command alone, read here, never as a whole. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { asDamaged, mustBeFile } from './damage.ts'
import { runFiles } from './layout.ts'

/** How much of the end of an output is looked at for its last lines at once, in bytes. */
const TAIL = 1 << 16

const LINE_FEED = 10

/** The last lines of a run's stdout, decoded as UTF-8. @throws SpmiError when it cannot be read */
export function readTail(directory: string, lines: number): string[] {
  const reader = OutputReader.open(runFiles.stdout(directory))
  if (reader === undefined) return []
  try {
    const text = new TextDecoder().decode(reader.readEnd(TAIL))
    const all = text.split('\n')
    if (all.at(-1) === '') all.pop()
    return all.slice(-lines)
  } finally {
    reader.close()
  }
}

/** Reads an output from its beginning, and goes on where it has grown. */
export class OutputReader {
  readonly #fd: number
  #position = 0

  private constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * Opens an output; undefined when there is none. What stands in its place is neither followed nor waited for.
   * @throws SpmiError `damaged` for what is no file, or is not ours to read
   */
  static open(path: string): OutputReader | undefined {
    let fd: number
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw asDamaged(path, error)
    }
    try {
      mustBeFile(path, fstatSync(fd))
    } catch (error) {
      closeSync(fd)
      throw error
    }
    return new OutputReader(fd)
  }

  /** What there is after what was read before, as far as the buffer takes it; empty at the end. */
  readOn(buffer: Uint8Array): Uint8Array {
    if (fstatSync(this.#fd).size < this.#position) this.#position = 0 // truncated: it begins anew
    const length = readSync(this.#fd, buffer, 0, buffer.length, this.#position)
    this.#position += length
    return buffer.subarray(0, length)
  }

  /**
   * Goes to where its last lines begin. It is read backwards, block by block, only as far as they reach.
   * @param lines Infinity for its beginning, 0 for its end
   * @returns its size
   */
  seekToLastLines(lines: number): number {
    const { size } = fstatSync(this.#fd)
    this.#position = Number.isFinite(lines) ? this.#findLastLines(lines, size) : 0
    return size
  }

  #findLastLines(lines: number, size: number): number {
    if (lines === 0) return size
    const block = Buffer.allocUnsafe(TAIL)
    let missing = lines
    let end = size - 1 // a line feed at the very end belongs to the last line
    while (end > 0) {
      const start = Math.max(0, end - block.length)
      const length = readSync(this.#fd, block, 0, end - start, start)
      for (let at = length; at > 0; ) {
        at = block.lastIndexOf(LINE_FEED, at - 1)
        if (at === -1) break
        if (--missing === 0) return start + at + 1
      }
      end = start
    }
    return 0
  }

  /** Whether another file has taken its place, as when it was renamed and made anew. What is no file is none. */
  isReplaced(path: string): boolean {
    const now = lstatSync(path, { throwIfNoEntry: false })
    if (!now?.isFile()) return false
    const { dev, ino } = fstatSync(this.#fd)
    return now.dev !== dev || now.ino !== ino
  }

  /** How far it was read, in bytes. */
  get position(): number {
    return this.#position
  }

  /** When it was last written. */
  get lastWrite(): Date {
    return fstatSync(this.#fd).mtime
  }

  /** At most so many bytes of its end. */
  readEnd(bytes: number): Uint8Array {
    const { size } = fstatSync(this.#fd)
    const buffer = new Uint8Array(Math.min(size, bytes))
    this.#position = size - buffer.length
    return this.readOn(buffer)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
