import { describe, expect, test } from 'bun:test'
import { HIDDEN, hideInDescriptor, hideVariables, isSecret } from '../../../src/core/secrets.ts'

describe('a value is secret', () => {
  test('by its name', () => {
    for (const name of [
      'API_TOKEN',
      'secret',
      'MyPassword',
      'DB_PASS',
      'AWS_SECRET_ACCESS_KEY',
      'CREDENTIALS',
      'PASSPHRASE',
    ])
      expect([name, isSecret(name, 'x')]).toEqual([name, true])
    for (const name of ['PATH', 'HOME', 'COMPASS', 'PASSIVE', 'LANG', 'PWD'])
      expect([name, isSecret(name, 'x')]).toEqual([name, false])
  })

  test('when it is an address with a password', () => {
    expect(isSecret('URL', 'postgres://me:word@host/db')).toBe(true)
    for (const value of ['https://host:80/a@b', 'postgres://me@host', 'user:name@host'])
      expect(isSecret('URL', value)).toBe(false)
  })

  test('and an empty one is not', () => {
    expect(hideVariables({ TOKEN: '', KEY: 'a', A: 'b' })).toEqual({ TOKEN: '', KEY: '***', A: 'b' })
  })
})

describe('a descriptor without its secrets', () => {
  const env = { TOKEN: 'abc-def', PIN_KEY: '7', PLAIN: 'plain' }
  const table = { task: { id: 'a', wrapper: { env } } }

  test('in each format, however the value is written', () => {
    const texts = [
      'env = { TOKEN = "abc-def", PIN_KEY = 7, PLAIN = "plain" }\n',
      '[env]\nTOKEN = \'abc-def\'\nPIN_KEY = 7\nPLAIN = "plain"\n',
      'env:\n  TOKEN: abc-def\n  PIN_KEY: 7\n  PLAIN: plain\n',
      'env: {TOKEN: "abc-def", PIN_KEY: 7, PLAIN: plain}\n',
      'env:\n  TOKEN: >-\n    abc-def\n  PIN_KEY: "7"\n  PLAIN: plain\n',
      '{"env": {"TOKEN": "abc-def", "PIN_KEY": "7", "PLAIN": "plain"}}\n',
      'env:\n  "PIN_KEY": \'7\'\n  ? TOKEN\n  : abc-def\n  PLAIN: plain\n',
    ]
    for (const text of texts) {
      const hidden = hideInDescriptor(text, table)
      expect(hidden).not.toMatch(/abc-def|7/)
      expect(hidden).toContain('plain')
      expect(hidden.split('\n')).toHaveLength(text.split('\n').length)
    }
  })

  test('is the same where nothing is secret', () => {
    const text = '# a comment: with = signs\n[task]\nid = "a"\ncommand = "echo $X | tr a b"\n'
    expect(hideInDescriptor(text, { task: { id: 'a' } })).toBe(text)
  })
})

test('names are looked for at their beginning only, whatever stands before them', () => {
  for (const name of ['--token', '1-token', 'x-token', 'my.token', '"token"'])
    expect(hideInDescriptor(`${name}=abc def`, {})).toBe(`${name}=${HIDDEN}`)
  const begin = process.cpuUsage()
  expect(hideInDescriptor('a-'.repeat(60_000), {})).toHaveLength(120_000) // it took a third of a minute
  expect(process.cpuUsage(begin).user).toBeLessThan(2e6)
})
