import { afterEach, describe, expect, test } from 'bun:test'
import { appendFileSync, closeSync, openSync, renameSync, truncateSync, writeSync } from 'node:fs'
import { OutputTail } from '../../../src/store/output-tail.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
const buffer = new Uint8Array(64)
let tail: OutputTail | undefined
afterEach(() => tail?.close())

const open = (lines?: number) => {
  tail = new OutputTail(folder.join('stdout'), lines)
  return () => {
    const piece = tail?.readOn(buffer)
    return piece && [Buffer.from(piece.bytes).toString(), piece.isNew ? 'new' : 'old']
  }
}

describe('OutputTail', () => {
  test('tells what was there from what has come, also when both could be read at once', () => {
    const path = folder.write('stdout', 'a\nb\nc\n')
    const read = open(2)
    appendFileSync(path, 'd\n')
    expect([read(), read(), read()]).toEqual([['b\nc\n', 'old'], ['d\n', 'new'], undefined])
  })

  test('knows when what was there was written: with its last piece', () => {
    folder.write('stdout', 'x'.repeat(100))
    open(Number.POSITIVE_INFINITY)
    expect(tail?.readOld(buffer)).not.toHaveProperty('lastWrite')
    expect(Math.abs(Date.now() - Number(tail?.readOld(buffer)?.lastWrite))).toBeLessThan(60_000)
    expect(tail?.readOld(buffer)).toBeUndefined()
  })

  test('reads an output that is made later', () => {
    const read = open()
    expect(read()).toBeUndefined()
    folder.write('stdout', 'a\n')
    expect([read(), read()]).toEqual([['a\n', 'new'], undefined])
  })

  test('begins anew when it is truncated, and takes that for new', () => {
    const path = folder.write('stdout', 'aaaa\n')
    const read = open(1)
    expect(read()).toEqual(['aaaa\n', 'old'])
    truncateSync(path)
    appendFileSync(path, 'b\n')
    expect([read(), read()]).toEqual([['b\n', 'new'], undefined])
  })

  test('goes on with what was renamed, and with the new file in its place', () => {
    const path = folder.write('stdout', 'a\n')
    const read = open(1)
    expect(read()).toEqual(['a\n', 'old'])
    const command = openSync(path, 'a')
    renameSync(path, folder.join('stdout.1'))
    writeSync(command, 'b\n')
    expect([read(), read()]).toEqual([['b\n', 'new'], undefined])
    folder.write('stdout', 'c\n')
    writeSync(command, 'd\n')
    expect([read(), read(), read()]).toEqual([['d\n', 'new'], ['c\n', 'new'], undefined])
    writeSync(command, 'e\n')
    expect([read(), read()]).toEqual([['e\n', 'new'], undefined])
    closeSync(command)
  })
})
