import { expect, test } from 'bun:test'
import { TerminalWrapper } from '../../../../../src/manageables/task/wrappers/terminal.ts'

const PATH = process.env.PATH ?? ''

test('a terminal is asked for; of what the default wrapper needs only what is not well is said again', async () => {
  const findings = await new TerminalWrapper('terminal').diagnose([], {
    environment: { PATH },
    store: undefined,
  })
  expect(findings.map(({ level, topic }) => `${level} ${topic}`)).toEqual(['ok terminal'])
})
