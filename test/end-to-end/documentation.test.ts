/** What the documentation and the examples show works as shown. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readFiles } from '../support/page.ts'
import { addNiceness } from '../support/processes.ts'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[]) {
  describe(`the page on plug-ins with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const files = readFiles('docs/guide/plug-ins.md')
    const plugins = join(pool.path, '.spmi/plugins')
    beforeAll(() => {
      mkdirSync(plugins, { recursive: true, mode: 0o700 })
      Bun.spawnSync(['chmod', '700', pool.path])
      for (const [name, code] of files)
        writeFileSync(join(name.endsWith('.mjs') ? plugins : pool.folder, name), code)
    })
    afterAll(() => pool.dispose())

    test('has a backend, a wrapper and a kind of manageable, which work', async () => {
      expect([...files.keys()].sort()).toEqual([
        'build.toml',
        'flag-file-manageable.mjs',
        'maintenance.toml',
        'nice-backend.mjs',
        'time-limit-wrapper.mjs',
      ])
      expect(await pool.spmi('load', 'build.toml', 'maintenance.toml')).toMatchObject({ status: 0 })
      expect(await pool.spmi('start', 'build|maintenance')).toMatchObject({ status: 0 })
      expect(readFileSync(join(pool.folder, 'maintenance.html'), 'utf8')).toBe('Back soon.')
      expect((await pool.spmi('list')).stdout).toMatch(/^maintenance +active /m)
      await until(async () =>
        (await pool.spmi('status', 'build')).stdout.includes(`Exit code: 124\n\n${addNiceness(15)}\n`),
      )
      expect((await pool.spmi('status', 'build')).stdout).toContain('Backend type: nice\n')
      expect(await pool.spmi('stop', 'maintenance')).toMatchObject({ status: 0 })
      expect(readdirSync(pool.folder)).not.toContain('maintenance.html')
      const again = await pool.spmi('stop', 'maintenance')
      expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('its file does not exist')])
      expect(await pool.spmi('clean', '.*')).toMatchObject({ status: 0 })
    })

    test('keys of a plug-in are checked, and a module that is missing or wrong is named', async () => {
      const refuse = async (backend: object, words: string) => {
        const path = pool.write(
          'wrong.json',
          JSON.stringify({ task: { id: 'x', backend, wrapper: { command: 'true' } } }),
        )
        const { status, stderr } = await pool.spmi('load', path)
        expect([status, stderr]).toEqual([1, expect.stringContaining(words)])
      }
      await refuse({ type: 'nice', level: 20 }, 'wrong.json:1: task.backend.level: ')
      await refuse({ type: 'nice', levle: 2 }, 'task.backend.levle: unknown key; did you mean "level"?')
      await refuse({ type: 'nicer' }, 'task.backend.type: unknown backend type "nicer"; did you mean "nice"?')
      writeFileSync(join(plugins, 'broken-backend.mjs'), 'export class BrokenBackend {}')
      await refuse({ type: 'broken' }, 'exports a BrokenBackend that is not a Backend')
      writeFileSync(join(plugins, 'torn-backend.mjs'), 'export class {')
      await refuse({ type: 'torn' }, 'torn-backend.mjs" cannot be imported')
      await refuse({ type: '../native' }, 'unknown backend type')
    })
  })
}

describe('the examples', () => {
  const pool = new TestPool()
  afterAll(() => pool.dispose())
  const examples = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter(entry => entry.isFile()) // those in folders need programs that are not everywhere, and have tests of their own
    .map(entry => join(ROOT, 'examples', entry.name))

  test('load, start and do what they say', async () => {
    expect(await pool.spmi('load', ...examples)).toMatchObject({ status: 0 })
    expect(await pool.spmi('start', '.*')).toMatchObject({ status: 0 })
    const shows = async (id: string, text: string) =>
      until(async () => (await pool.spmi('status', id)).stdout.includes(text))
    await shows('cal', 'pi is about 3.14159')
    expect(await pool.spmiWith({ input: 'Hello\n' }, 'connect', 'echo')).toMatchObject({ status: 0 })
    await shows('echo', 'You said: Hello')
    await until(async () => /^\d+:\d+:\d+ /m.test((await pool.spmi('status', 'monitor')).stdout))
    expect(await pool.spmi('stop', 'monitor')).toMatchObject({ status: 0 })
    await shows('monitor', 'Exit code: 0\n')
  })
})
