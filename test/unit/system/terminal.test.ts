import { describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Terminal } from '../../../src/system/terminal.ts'
import { refusal } from '../refusal.ts'

const environment = { PATH: process.env.PATH ?? '' }

/** Does something with a terminal that is there meanwhile. */
async function withTerminal(act: (path: string) => Promise<void>): Promise<void> {
  const holder = spawn('script', ['-qec', 'tty; read -r _', '/dev/null'], {
    env: { ...environment, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = await once(holder.stdout.setEncoding('utf8'), 'data')
  try {
    await act(String(line).trim())
  } finally {
    holder.stdin.end('\n')
    await once(holder, 'close')
  }
}

describe('a terminal', () => {
  test('has the size that it is given, and usual ones where it has none', async () => {
    await withTerminal(async path => {
      const terminal = new Terminal(path, environment)
      await terminal.resize({ columns: 0, rows: 0 })
      expect(await terminal.readSize()).toEqual({ columns: 80, rows: 24 })
      await terminal.resize({ columns: 132, rows: 50 })
      expect(await terminal.readSize()).toEqual({ columns: 132, rows: 50 })
    })
  })

  test('is raw, output too, until its modes are given back', async () => {
    await withTerminal(async path => {
      const terminal = new Terminal(path, environment)
      const modes = () => Bun.spawnSync(['stty', '-F', path, '-a']).stdout.toString()
      const before = modes()
      const giveBack = await terminal.keepModes()
      await terminal.makeRaw()
      for (const word of ['-icanon', '-isig', '-opost', '-echo', '-icrnl']) expect(modes()).toContain(word)
      await giveBack()
      expect(modes()).toBe(before)
    })
  })

  test('that is none is refused in the words of stty', async () => {
    const { code, message } = await refusal(() => new Terminal('/dev/null', environment).readSize())
    expect([code, message.startsWith('stty: ')]).toEqual(['system', true])
  })
})
