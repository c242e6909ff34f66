import { describe, expect, test } from 'bun:test'
import { readSignal } from '../../../src/core/signal-name.ts'
import { SIGNALS } from '../../../src/system/process.ts'
import { refusal } from '../refusal.ts'

describe('the name of a signal', () => {
  test('is taken with and without SIG, in any case, and as a number', () => {
    for (const name of SIGNALS) {
      expect(readSignal(name)).toBe(name)
      expect(readSignal(name.slice(3).toLowerCase())).toBe(name)
    }
    expect(['1', '9', '15'].map(readSignal)).toEqual(['SIGHUP', 'SIGKILL', 'SIGTERM'])
  })

  test('that no signal has is wrong usage', async () => {
    for (const text of ['', '0', '64', '-9', '9 ', 'SIG', 'SIGSIGHUP', 'constructor']) {
      const { code, message } = await refusal(() => readSignal(text))
      expect([text, code, message]).toEqual([
        text,
        'usage',
        expect.stringContaining(`unknown signal "${text}"; `),
      ])
    }
  })
})
