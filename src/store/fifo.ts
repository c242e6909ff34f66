/** Writing to a FIFO without ever waiting in the system: an open or a write that would block is refused at once. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { errnoOf, SpmiError } from '../errors.ts'
import type { FileIdentity } from '../system/open-files.ts'

/** Up to so many bytes a write to a FIFO is whole or not done. Source: pipe(7), PIPE_BUF. */
const WHOLE = 4096

const LINE_FEED = 10

/** The writing end of a FIFO. */
export class FifoWriter {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * Opens a FIFO that somebody reads.
   * @throws SpmiError `input-failed` when it is not there, not a FIFO, or nobody reads it
   */
  static open(path: string): FifoWriter {
    let fd: number
    try {
      fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    } catch (error) {
      const reasons: Readonly<Record<string, string>> = {
        ENOENT: 'there is no FIFO',
        ENXIO: 'nobody reads it any more',
        ELOOP: 'a symbolic link stands in the place of its FIFO',
        EISDIR: 'a directory stands in the place of its FIFO',
      }
      const errno = errnoOf(error)
      if (errno === undefined) throw error
      const reason = reasons[errno] ?? `its FIFO cannot be opened (${errno})`
      throw new SpmiError('input-failed', reason, { cause: error })
    }
    if (fstatSync(fd).isFIFO()) return new FifoWriter(fd)
    closeSync(fd)
    throw new SpmiError('input-failed', 'something else stands in the place of its FIFO')
  }

  get identity(): FileIdentity {
    return fstatSync(this.#fd)
  }

  /**
   * Writes the first part of some bytes, if it fits now: as many lines as one write takes whole, so that nobody else who writes comes
   * between; of a longer line a piece.
   * @returns how many bytes were taken: 0 when the FIFO is full
   * @throws SpmiError `input-failed` when nobody reads it any more
   */
  write(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, firstLines(bytes))
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0
      if (errnoOf(error) === 'EPIPE')
        throw new SpmiError('input-failed', 'nobody reads it any more', { cause: error })
      throw error
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function firstLines(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= WHOLE) return bytes
  const end = bytes.lastIndexOf(LINE_FEED, WHOLE - 1) + 1
  return bytes.subarray(0, end > 0 ? end : WHOLE)
}
