import { beforeEach, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync, symlinkSync } from 'node:fs'
import { FifoWriter } from '../../../src/store/fifo.ts'
import { useFolder } from '../folder.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()
let fifo: string

beforeEach(() => {
  fifo = folder.join('stdin')
  spawnSync('mkfifo', [fifo])
})

/** A reader of the FIFO, which does not wait for a writer. */
const openReader = () => openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)

function readFrom(fd: number): string {
  const buffer = Buffer.alloc(1 << 17)
  return buffer.toString('latin1', 0, readSync(fd, buffer))
}

describe('FifoWriter', () => {
  test('passes bytes on to who reads', () => {
    const reader = openReader()
    const writer = FifoWriter.open(fifo)
    expect(writer.write(Buffer.from('one\n'))).toBe(4)
    expect(readFrom(reader)).toBe('one\n')
    writer.close()
    expect(readFrom(reader)).toBe('')
    closeSync(reader)
  })

  test('is refused at once when nobody reads', async () => {
    const { code, message } = await refusal(() => FifoWriter.open(fifo))
    expect([code, message]).toEqual(['input-failed', 'nobody reads it any more'])
  })

  test('says that a FIFO is full instead of waiting', () => {
    const reader = openReader()
    const writer = FifoWriter.open(fifo)
    const bytes = Buffer.alloc(1 << 16, 'x')
    let total = 0
    for (let taken = writer.write(bytes); taken > 0; taken = writer.write(bytes)) total += taken
    expect(total).toBeGreaterThanOrEqual(1 << 16)
    expect(writer.write(bytes)).toBe(0)
    expect(readFrom(reader).length).toBeGreaterThan(0)
    expect(writer.write(bytes)).toBeGreaterThan(0)
    writer.close()
    closeSync(reader)
  })

  test('takes lines whole as long as they are not longer than a write can be', () => {
    const reader = openReader()
    const writer = FifoWriter.open(fifo)
    const line = `${'x'.repeat(999)}\n`
    expect(writer.write(Buffer.from(line.repeat(10)))).toBe(4000)
    expect(writer.write(Buffer.from(`${'y'.repeat(5000)}\n${line}`))).toBe(4096)
    expect(writer.write(Buffer.from('no end'))).toBe(6)
    writer.close()
    closeSync(reader)
  })

  test('says that the reader has gone', async () => {
    const reader = openReader()
    const writer = FifoWriter.open(fifo)
    closeSync(reader)
    const { code, message } = await refusal(() => writer.write(Buffer.from('x')))
    expect([code, message]).toEqual(['input-failed', 'nobody reads it any more'])
    writer.close()
  })

  test('what is not there is refused', async () => {
    expect((await refusal(() => FifoWriter.open(folder.join('gone')))).message).toBe('there is no FIFO')
  })

  test('a symlink in its place is refused, and what it leads to is not written', async () => {
    folder.write('victim', 'precious')
    symlinkSync(folder.join('victim'), folder.join('link'))
    expect((await refusal(() => FifoWriter.open(folder.join('link')))).message).toBe(
      'a symbolic link stands in the place of its FIFO',
    )
    expect(readFileSync(folder.join('victim'), 'utf8')).toBe('precious')
  })

  test('a regular file or a device in its place is refused', async () => {
    folder.write('file', 'precious')
    for (const path of [folder.join('file'), '/dev/null']) {
      const { code, message } = await refusal(() => FifoWriter.open(path))
      expect([code, message]).toEqual(['input-failed', 'something else stands in the place of its FIFO'])
    }
  })
})
