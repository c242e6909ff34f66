/** Our own standard streams, used synchronously: what was written before an exit is out. */
import { fstatSync, readSync, statSync, writeSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** Whether a file descriptor is a terminal. The module that knows is loaded only for what may be one. */
export async function isTerminal(fd: number): Promise<boolean> {
  try {
    const stats = fstatSync(fd)
    if (!stats.isCharacterDevice() || stats.rdev === statSync('/dev/null').rdev) return false
  } catch (error) {
    if (errnoOf(error) === 'EBADF') return false // closed by whoever started us
    throw error
  }
  return (await import('node:tty')).isatty(fd)
}

/** One line from a terminal, which gives one to each read; undefined at the end of input. */
export function readLine(fd: number): string | undefined {
  const buffer = Buffer.alloc(4096)
  const length = readSync(fd, buffer)
  return length === 0 ? undefined : buffer.toString('utf8', 0, length).trimEnd()
}

/**
 * Writes all of it; waits where a pipe that does not block is full.
 * @throws EPIPE as a system error when the reader has gone
 */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2) // milliseconds
    }
  }
}
