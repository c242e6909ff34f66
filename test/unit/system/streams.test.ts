import { describe, expect, test } from 'bun:test'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { errnoOf } from '../../../src/errors.ts'
import { isTerminal, writeAll } from '../../../src/system/streams.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

describe('isTerminal', () => {
  test('is false for a file, /dev/null, another device and what is closed', async () => {
    for (const path of [folder.write('file', ''), '/dev/null', '/dev/zero']) {
      const fd = openSync(path, 'r')
      expect([path, await isTerminal(fd)]).toEqual([path, false])
      closeSync(fd)
    }
    expect(await isTerminal(999)).toBe(false)
  })

  test('is true for a terminal', async () => {
    const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY)
    expect(await isTerminal(fd)).toBe(true)
    closeSync(fd)
  })
})

describe('writeAll', () => {
  test('writes all of it to a pipe that is full again and again', async () => {
    const fifo = folder.join('fifo')
    spawnSync('mkfifo', [fifo])
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
    const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
    const copier = spawn('sh', ['-c', 'cat <"$1" >"$2"', 'sh', fifo, folder.join('out')], { stdio: 'ignore' })
    const end = once(copier, 'exit')
    const text = 'ä'.repeat(1 << 20)
    writeAll(fd, text)
    closeSync(fd)
    await end
    closeSync(reader)
    expect(readFileSync(folder.join('out'), 'utf8') === text).toBe(true)
  })

  test('says that the reader has gone', () => {
    const fifo = folder.join('fifo')
    spawnSync('mkfifo', [fifo])
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
    const fd = openSync(fifo, constants.O_WRONLY)
    closeSync(reader)
    let errno: string | undefined
    try {
      writeAll(fd, 'x')
    } catch (error) {
      errno = errnoOf(error)
    }
    closeSync(fd)
    expect(errno).toBe('EPIPE')
  })
})
