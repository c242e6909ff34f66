import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { readDescriptorFile } from '../../../src/store/descriptor-files.ts'
import { useFolder } from '../folder.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()

/** A FIFO, and a shell that does something with it in the background. */
function makeFifo(script: string): string {
  const fifo = folder.join('fifo')
  spawnSync('mkfifo', [fifo])
  spawnSync('sh', ['-c', `{ ${script}; } </dev/null >/dev/null 2>&1 &`, 'sh', fifo], { stdio: 'ignore' })
  return fifo
}

describe('readDescriptorFile', () => {
  test('gives the bytes of a file, also through a symlink', () => {
    folder.write('file', 'a\0b')
    symlinkSync('file', folder.join('link'))
    expect(Buffer.from(readDescriptorFile(folder.join('link'))).toString()).toBe('a\0b')
    folder.write('file', '')
    expect(readDescriptorFile(folder.join('file')).length).toBe(0)
  })

  test('reads a FIFO to its end, whose writer may come late and slowly', () => {
    const fifo = makeFifo(`sleep 0.1; { printf a; sleep 0.1; head -c 70000 /dev/zero; } >"$1"`)
    expect(readDescriptorFile(fifo).length).toBe(70_001)
  })

  test('does not wait for ever for what nobody writes, or does not go on to write', async () => {
    const silent = await refusal(() => readDescriptorFile(makeFifo(':'), 200))
    expect([silent.code, silent.message]).toEqual(['descriptor', 'gave nothing for 0.2 seconds'])
    const stuck = makeFifo(`{ printf a; sleep 3; } >"$1"`)
    expect((await refusal(() => readDescriptorFile(stuck, 300))).message).toBe('gave nothing for 0.3 seconds')
  })

  test('does not gather what is too large, or without an end', async () => {
    for (const path of ['/dev/zero', makeFifo('cat /dev/zero >"$1"')])
      expect((await refusal(() => readDescriptorFile(path))).message).toBe('is larger than 131072 bytes')
  })
})
