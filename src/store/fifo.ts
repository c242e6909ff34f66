/** Writing to a FIFO without ever waiting in the system: an open or a write that would block is refused at once. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { errnoOf, SpmiError } from '../errors.ts'

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
        ELOOP: 'a symbolic link stands in its place',
      }
      const reason = reasons[errnoOf(error) ?? '']
      if (reason === undefined) throw error
      throw new SpmiError('input-failed', reason, { cause: error })
    }
    if (fstatSync(fd).isFIFO()) return new FifoWriter(fd)
    closeSync(fd)
    throw new SpmiError('input-failed', 'something else stands in the place of its FIFO')
  }

  /**
   * Writes what fits now.
   * @returns how many bytes were taken: 0 when the FIFO is full
   * @throws SpmiError `input-failed` when nobody reads it any more
   */
  write(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, bytes)
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
