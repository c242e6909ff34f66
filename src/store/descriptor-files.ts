/** Descriptors where users have them: files of any kind, which may be links and FIFOs, in folders of theirs. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf, SpmiError } from '../errors.ts'
import { createFile } from './files.ts'

/** The longest descriptor, in bytes. No command can be longer (execve(2)), and with more the parser of YAML would take longer than one waits. */
const LIMIT = 128 << 10

/** Milliseconds for which something is waited for where another program has to write it first. */
const PATIENCE = 30_000

/** Milliseconds between two looks whether it has. */
const PAUSE = 5

const buffer = Buffer.allocUnsafe(1 << 16)

/**
 * The bytes of a user's descriptor. A symlink is followed, and a FIFO is read until its writers have closed it.
 * @param patience milliseconds for which what is no regular file may be silent
 * @throws SpmiError `descriptor` when it is too large or silent; system errors as they are
 */
export function readDescriptorFile(path: string, patience = PATIENCE): Uint8Array {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const isFifo = fstatSync(fd).isFIFO()
    const chunks: Buffer[] = []
    let total = 0
    let until = performance.now() + patience
    for (;;) {
      const length = readNow(fd)
      if (length !== undefined && length > 0) {
        total += length
        if (total > LIMIT) throw new SpmiError('descriptor', `is larger than ${LIMIT} bytes`)
        chunks.push(Buffer.from(buffer.subarray(0, length)))
        until = performance.now() + patience
      } else if (length === 0 && (total > 0 || !isFifo)) return Buffer.concat(chunks)
      else if (performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE)
      else throw new SpmiError('descriptor', `gave nothing for ${patience / 1000} seconds`)
    }
  } finally {
    closeSync(fd)
  }
}

/** Reads what is there. @returns 0 at the end, or where nobody writes yet; undefined when it has to be waited for */
function readNow(fd: number): number | undefined {
  try {
    return readSync(fd, buffer, 0, buffer.length, null)
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return undefined
    throw error
  }
}

/** Makes a descriptor in a user's own folder, with the mode that the umask gives. @throws EEXIST as a system error */
export function createDescriptorFile(path: string, text: string): void {
  createFile(path, text, 0o666)
}
