import { describe, expect, test } from 'bun:test'
import { inWholeLines } from '../../../src/cli/whole-lines.ts'

/** What comes in pieces; a number is a pause of so many milliseconds. */
async function* comeIn(pieces: readonly (string | number)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces)
    if (typeof piece === 'string') yield Buffer.from(piece)
    else await new Promise(next => setTimeout(next, piece))
}

async function regroup(...pieces: readonly (string | number)[]): Promise<string[]> {
  const found: string[] = []
  for await (const bytes of inWholeLines(comeIn(pieces))) found.push(Buffer.from(bytes).toString())
  return found
}

describe('inWholeLines', () => {
  test('cuts where lines end', async () => {
    expect(await regroup('a\nb', 'c\nd')).toEqual(['a\n', 'bc\n', 'd'])
    expect(await regroup('a', 'b', 'c\n')).toEqual(['abc\n'])
    expect(await regroup()).toEqual([])
  })

  test('does not keep what is to be typed on a terminal', async () => {
    expect(await regroup('x', 500, 'y\n')).toEqual(['x', 'y\n'])
  })

  test('does not gather a line without an end', async () => {
    const pieces = Array.from({ length: 20 }, () => 'x'.repeat(1000))
    const found = await regroup(...pieces)
    expect(found.join('')).toBe(pieces.join(''))
    expect(Math.max(...found.map(({ length }) => length))).toBeLessThan(6000)
  })

  test('passes a failure of the source on', async () => {
    async function* fail(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a\nb')
      throw new Error('gone')
    }
    const found: string[] = []
    const read = async () => {
      for await (const bytes of inWholeLines(fail())) found.push(Buffer.from(bytes).toString())
    }
    expect(read()).rejects.toThrow('gone')
    await read().catch(() => {})
    expect(found[0]).toBe('a\n')
  })
})
