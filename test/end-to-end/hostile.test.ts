/** Ids and commands that try to be something else: refused, or exact; none runs anything or leaves the pool. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestPool, until } from '../support/spmi.ts'

const REFUSED = [
  '',
  '.',
  '..',
  '../x',
  '../../etc/x',
  '/etc/x',
  'a/b',
  '.hidden',
  '.spmi',
  '-rf',
  '--help',
  '-',
  'a\nb',
  'a\0b',
  'a\tb',
  '\x1b[31m',
  '\x7f',
  'a\u2028b',
  '\ud800',
  'x'.repeat(201),
  'é'.repeat(101),
  'x'.repeat(300),
  '🎉'.repeat(75),
]

const EXACT = [
  '$(touch CANARY)',
  '`touch CANARY`',
  "'; touch CANARY; '",
  '"; touch CANARY; "',
  'a;touch CANARY',
  'a|touch CANARY',
  'a&touch CANARY',
  '$CANARY',
  '${IFS}touch',
  '%s%n%x',
  '!!',
  '~',
  '~root',
  '*',
  '?',
  '[a]',
  '{a,b}',
  '\\',
  '\\n',
  "'",
  '"',
  'a b',
  ' a',
  'a ',
  '#',
  'x'.repeat(200),
  '日本語',
  '🎉',
  'e\u0301',
  'null',
  'true',
  '0',
  '__proto__',
  'constructor',
  'a=b',
  'CON',
  'a:b',
  'a.b',
  '@',
  ',',
  '<x',
  '>x',
  'a\u00a0b',
  '^$',
  '(a+)+$',
  'task',
  'runs',
  'descriptor.toml',
  'new',
  'gone-1',
  'a--',
]

const COMMANDS = [
  "printf '%s' \"it's\"",
  "printf '%s' '$(touch CANARY)'",
  'printf "%s" "a\nb"',
  "printf '%s' '`x`'",
  'printf %s \\"',
  "printf '%s' 'ü🎉'",
  "printf '%s' '\\\\'",
  '# only a comment',
  "printf '%s' '!'",
  '\nprintf x\n',
  'cat <<EOF\n$HOME\nEOF',
  "printf '%s' '-n'",
  '-rf',
  '+x',
  '--',
  ' ',
  '"',
  "'",
  '$(',
  '`',
  'printf %s "${HOME}"',
  'printf %s $$ >/dev/null',
  "printf '%s' '\u0081\u0088\u009f'",
  'printf x; exit 3',
  ':',
  'x'.repeat(100_000),
]

describe('hostile names and commands', () => {
  const pool = new TestPool()
  afterAll(() => pool.dispose())
  let canary: string
  beforeEach(() => {
    canary = join(pool.folder, 'CANARY')
    mkdirSync(join(pool.folder, 'etc'), { recursive: true })
  })
  const descriptor = (name: string, id: unknown, command = 'echo ran') =>
    pool.write(
      name,
      JSON.stringify({ task: { id, wrapper: { command: command.replaceAll('CANARY', canary) } } }),
    )

  test(`${REFUSED.length} ids are refused with file and reason`, async () => {
    for (const [index, id] of REFUSED.entries()) {
      const { status, stderr } = await pool.spmi('load', descriptor(`refused${index}.json`, id))
      expect([id, status]).toEqual([id, 1])
      expect(stderr).toContain(`refused${index}.json:1: task.id: must `)
    }
    expect(existsSync(pool.path) ? readdirSync(pool.path) : []).toEqual([])
    expect(readdirSync(pool.folder).filter(name => !/^(refused|screens|etc)/.test(name))).toEqual([])
  })

  test(`${EXACT.length} ids are exact through load, start, list, status, stop and clean`, async () => {
    const files = EXACT.map((id, index) =>
      descriptor(`exact${index}.json`, id.replaceAll('CANARY', 'CANARY')),
    )
    expect(await pool.spmi('load', ...files)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`Loaded ${EXACT.length}`),
    })
    expect(new Set(readdirSync(pool.path))).toEqual(new Set(['.spmi', ...EXACT]))
    expect(await pool.spmi('start', '.*')).toMatchObject({ status: 0 })
    for (const id of EXACT)
      await until(() => /^ended /m.test(readFileSync(join(pool.runDirectory(id), 'journal'), 'utf8')))
    const { stdout } = await pool.spmi('list')
    for (const id of EXACT) expect(stdout).toContain(`\n${id}`)
    for (const id of EXACT) {
      const quoted = `\\Q${id}\\E` // RE2's way to match a text exactly
      expect((await pool.spmi('status', '--', quoted)).stdout).toStartWith(`${id} (task)\n`)
      expect(await pool.spmi('clean', '--', quoted)).toMatchObject({ status: 0 })
    }
    expect(readdirSync(pool.path)).toEqual(['.spmi'])
    expect(existsSync(canary)).toBe(false)
  }, 60_000)

  test(`${COMMANDS.length} commands run as sh runs them`, async () => {
    const files = COMMANDS.map((command, index) =>
      descriptor(`command${index}.json`, `command${index}`, command),
    )
    expect(await pool.spmi('load', ...files)).toMatchObject({ status: 0 })
    expect(await pool.spmi('start', 'command.*')).toMatchObject({ status: 0 })
    for (const [index, command] of COMMANDS.entries()) {
      const run = pool.runDirectory(`command${index}`)
      await until(() => /^ended /m.test(readFileSync(join(run, 'journal'), 'utf8')))
      const text = command.replaceAll('CANARY', canary)
      const expected = Bun.spawnSync(['sh', '-c', '--', text], { cwd: pool.folder, env: pool.environment })
      const code = Number(/^exited at=\d+ code=(\d+)/m.exec(readFileSync(join(run, 'journal'), 'utf8'))?.[1])
      expect([command.slice(0, 80), code, readFileSync(join(run, 'stdout'), 'utf8')]).toEqual([
        command.slice(0, 80),
        expected.exitCode,
        expected.stdout.toString(),
      ])
    }
    expect(existsSync(canary)).toBe(false)
  }, 60_000)

  test('a pattern that backtracks for ever elsewhere answers at once', async () => {
    await pool.load('a'.repeat(150), { command: 'true' })
    const begin = performance.now()
    expect((await pool.spmi('status', '(a+)+$x', '(a|aa)+y', '(.*)*z')).status).toBe(1)
    expect(performance.now() - begin).toBeLessThan(2000)
  })
})
