/**
 * One output of a run, read on while it grows: also when it is not there yet, is truncated, or is renamed. The command goes on to
 * write into what was renamed, so that is read on as well when a new file has taken its place. What is no file is not read: those who
 * follow many outputs go on with the others.
 */
import { SpmiError } from '../errors.ts'
import { OutputReader } from './output.ts'

/** What a tail has read. */
export interface TailPiece {
  /** Valid until the next piece is read. */
  readonly bytes: Uint8Array
  /** Whether it has come since the tail was opened. */
  readonly isNew: boolean
  /** When the output was last written, for the piece with which that ends that was there at first. */
  readonly lastWrite?: Date
}

/** Reads on in one output. */
export class OutputTail {
  readonly #path: string
  #reader: OutputReader | undefined
  /** What was renamed when another file took its place. */
  #renamed: OutputReader | undefined
  /** Up to where it was there at first. */
  #size = 0

  /**
   * @param lines with how many of the last lines that are there to begin: Infinity for all, 0 for none; undefined for all, taken as
   *   new
   * @throws SpmiError when what is there cannot be read; not for what is to be taken as new
   */
  constructor(path: string, lines?: number) {
    this.#path = path
    this.#reader = lines === undefined ? this.#find() : OutputReader.open(path)
    if (this.#reader && lines !== undefined) this.#size = this.#reader.seekToLastLines(lines)
  }

  /** The next piece of what was there at first; undefined at its end. */
  readOld(buffer: Uint8Array): TailPiece | undefined {
    return this.#reader && this.#reader.position < this.#size
      ? this.#readFrom(this.#reader, buffer)
      : undefined
  }

  /** The next piece; undefined when there is none now. */
  readOn(buffer: Uint8Array): TailPiece | undefined {
    const late = this.#renamed?.readOn(buffer)
    if (late !== undefined && late.length > 0) return { bytes: late, isNew: true }
    this.#reader ??= this.#find()
    const piece = this.#reader && this.#readFrom(this.#reader, buffer)
    return piece ?? this.#readReplacement(buffer)
  }

  close(): void {
    this.#renamed?.close()
    this.#reader?.close()
  }

  #readFrom(reader: OutputReader, buffer: Uint8Array): TailPiece | undefined {
    const before = reader.position
    // A piece is either of what was there at first, or new.
    const left = this.#size - before
    const bytes = reader.readOn(left > 0 ? buffer.subarray(0, left) : buffer)
    const { position } = reader
    if (position < before) this.#size = 0 // truncated: what comes now is new
    if (bytes.length === 0) return undefined
    if (position > this.#size) return { bytes, isNew: true }
    return { bytes, isNew: false, ...(position === this.#size && { lastWrite: reader.lastWrite }) }
  }

  #readReplacement(buffer: Uint8Array): TailPiece | undefined {
    if (!this.#reader?.isReplaced(this.#path)) return undefined
    this.#renamed?.close()
    this.#renamed = this.#reader
    this.#reader = this.#find()
    this.#size = 0
    return this.#reader && this.#readFrom(this.#reader, buffer)
  }

  /** Opens the file; undefined while there is none that can be read. */
  #find(): OutputReader | undefined {
    try {
      return OutputReader.open(this.#path)
    } catch (error) {
      if (error instanceof SpmiError) return undefined
      throw error
    }
  }
}
