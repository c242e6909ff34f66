import { describe, expect, test } from 'bun:test'
import { Log } from '../../../src/cli/log.ts'

function record(write: (log: Log) => void, isTerminal = false): string {
  let text = ''
  const stderr = {
    isTerminal,
    write: (data: string | Uint8Array) => {
      text += data
    },
  }
  const now = () => new Date('2024-07-14T19:17:17.031Z')
  write(new Log({ stderr, environment: { TZ: 'UTC' }, now }))
  return text
}

describe('a record', () => {
  test('is that of the user guide', () => {
    expect(record(log => log.info('Loaded 1 manageable'))).toBe(
      '[2024-07-14 19:17:17,031 - Spmi - INFO]\nLoaded 1 manageable\n',
    )
  })

  test('tells its level', () => {
    for (const level of ['debug', 'info', 'warning', 'error'] as const)
      expect(record(log => log[level]('x'))).toBe(
        `[2024-07-14 19:17:17,031 - Spmi - ${level.toUpperCase()}]\nx\n`,
      )
  })

  test('of level INFO is left out of a quiet log, and no other', () => {
    const heads = record(log => {
      log.quieten()
      for (const level of ['debug', 'info', 'warning', 'error'] as const) log[level]('x')
    }).match(/[A-Z]+(?=\])/g)
    expect(heads).toEqual(['DEBUG', 'WARNING', 'ERROR'])
  })

  test('is one line after its head, in which names are spelled out', () => {
    const forged = 'no file "x\n[2024-07-14 19:17:17,031 - Spmi - INFO]\nDone\x1b]0;title\x07"'
    for (const isTerminal of [true, false]) {
      const [, ...lines] = record(log => log.error(forged), isTerminal).split('\n')
      expect(lines).toEqual(['no file "x\\n[2024-07-14 19:17:17,031 - Spmi - INFO]\\nDone^[]0;title^G"', ''])
    }
  })

  test('of a bug keeps the lines of its stack, and nothing else', () => {
    expect(record(log => log.error('a\n  at b\x1b[2J', { code: 'bug' }))).toEndWith('\na\n  at b^[[2J\n')
  })

  test('has a coloured head on a terminal, and its message as it is', () => {
    expect(record(log => log.error('x'), true)).toBe(
      '\x1b[31m[2024-07-14 19:17:17,031 - Spmi - ERROR]\x1b[0m\nx\n',
    )
  })
})
