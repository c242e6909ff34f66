import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { appendFileSync, renameSync, symlinkSync, truncateSync, unlinkSync } from 'node:fs'
import { OutputReader, readTail } from '../../../src/store/output.ts'
import { useFolder } from '../folder.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()

function tailOf(stdout: string | Uint8Array, lines = 5): string[] {
  folder.write('stdout', stdout)
  return readTail(folder.path, lines)
}

describe('readTail', () => {
  test('gives the last lines, with or without an end of line', () => {
    expect(tailOf('1\n2\n3\n4\n5\n6\n7\n')).toEqual(['3', '4', '5', '6', '7'])
    expect(tailOf('1\n2\n3', 2)).toEqual(['2', '3'])
    expect(tailOf('1\n2\n')).toEqual(['1', '2'])
  })

  test('keeps empty lines', () => {
    expect(tailOf('a\n\n\nb\n\n')).toEqual(['a', '', '', 'b', ''])
    expect(tailOf('\n')).toEqual([''])
  })

  test('gives nothing for no output and for no file', () => {
    expect(tailOf('')).toEqual([])
    expect(readTail(folder.join('gone'), 5)).toEqual([])
  })

  test('looks at the end alone of an output of any size', () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}`)
    expect(tailOf(`${lines.join('\n')}\n`)).toEqual(lines.slice(-5))
    expect(tailOf('x'.repeat(1 << 20), 1)[0]?.length).toBe(1 << 16)
  })

  test('shows what is not UTF-8 as replacement characters', () => {
    expect(tailOf(Uint8Array.of(0x61, 0xff, 0x62, 0x0a))).toEqual(['a\ufffdb'])
  })
})

describe('OutputReader', () => {
  const buffer = new Uint8Array(4)
  const text = (reader: OutputReader) => Buffer.from(reader.readOn(buffer)).toString()

  test('goes on where the output has grown', () => {
    const path = folder.write('stdout', 'abcdef')
    const reader = OutputReader.open(path) as OutputReader
    expect([text(reader), text(reader), text(reader)]).toEqual(['abcd', 'ef', ''])
    appendFileSync(path, 'gh')
    expect([text(reader), text(reader)]).toEqual(['gh', ''])
    reader.close()
  })

  test('begins anew when the output was truncated', () => {
    const path = folder.write('stdout', 'abcd')
    const reader = OutputReader.open(path) as OutputReader
    expect(text(reader)).toBe('abcd')
    truncateSync(path)
    appendFileSync(path, 'x')
    expect(text(reader)).toBe('x')
    reader.close()
  })

  test('goes to where its last lines begin, wherever blocks of it begin', () => {
    const wide = new Uint8Array(1 << 18)
    const lastOf = (content: string, lines: number) => {
      const reader = OutputReader.open(folder.write('stdout', content)) as OutputReader
      expect(reader.seekToLastLines(lines)).toBe(content.length)
      const read = Buffer.from(reader.readOn(wide)).toString()
      reader.close()
      return read
    }
    for (const size of [1, 100, 65_534, 65_535, 65_536, 65_537, 131_072]) {
      const filler = 'x'.repeat(size)
      expect(lastOf(`a\n${filler}\nb\n`, 1)).toBe('b\n')
      expect(lastOf(`a\n${filler}\nb\n`, 2)).toBe(`${filler}\nb\n`)
      expect(lastOf(`a\n${filler}\nb`, 2)).toBe(`${filler}\nb`)
      expect(lastOf(`a\n${filler}`, 5)).toBe(`a\n${filler}`)
    }
    expect([lastOf('a\nb\n', 0), lastOf('', 3), lastOf('\n\n\n', 2)]).toEqual(['', '', '\n\n'])
    expect(lastOf('a\nb\n', Number.POSITIVE_INFINITY)).toBe('a\nb\n')
  })

  test('does not follow a symlink, nor wait for a FIFO, nor read what is no file', async () => {
    symlinkSync('/etc/passwd', folder.join('link'))
    spawnSync('mkfifo', [folder.join('fifo')])
    for (const [path, reason] of [
      [folder.join('link'), 'it is a symbolic link'],
      [folder.join('fifo'), 'it is not a regular file'],
      [folder.path, 'it is a directory; move it away'],
      ['/dev/zero', 'it is not a regular file'],
    ] as const) {
      const { code, message } = await refusal(() => OutputReader.open(path))
      expect([code, message]).toEqual(['damaged', `"${path}" is damaged: ${reason}`])
    }
  })

  test('only another file replaces a file', () => {
    const path = folder.write('stdout', 'x')
    const reader = OutputReader.open(path) as OutputReader
    renameSync(path, folder.join('stdout.1'))
    expect(reader.isReplaced(path)).toBe(false)
    symlinkSync('stdout.1', path)
    expect(reader.isReplaced(path)).toBe(false)
    unlinkSync(path)
    folder.write('stdout', 'y')
    expect(reader.isReplaced(path)).toBe(true)
    reader.close()
  })
})
