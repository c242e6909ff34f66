/** check, schema and help, on both artifacts. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/page.ts'
import { ARTIFACTS, type Artifact, TestPool } from '../support/spmi.ts'

const GOOD = '[task]\nid = "good"\n[task.wrapper]\ncommand = "true"\n'
const BAD = 'task:\n  id: a/b\n  wrapper:\n    comand: "true"\n'
/** The words of log records, without their heads, of which the times differ. */
const wordsOf = (stderr: string) => stderr.replaceAll(/^\[[\d\- :,]+ - Spmi - (\w+)\]\n/gm, '$1 ')

for (const artifact of Object.keys(ARTIFACTS) as Artifact[]) {
  describe(`check with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    beforeAll(() => {
      pool.write('good.toml', GOOD)
      pool.write('bad.yaml', BAD)
    })
    afterAll(() => pool.dispose())

    test('loads nothing, and says that all is well', async () => {
      const { status, stdout, stderr } = await pool.spmi('check', 'good.toml')
      expect([status, stdout, wordsOf(stderr)]).toEqual([0, '', 'INFO Checked 1 descriptor\n'])
      expect((await pool.spmi('list')).stdout).not.toContain('good')
    })

    test('says what is wrong in the words of load', async () => {
      const [checked, loaded] = [
        await pool.spmi('check', 'bad.yaml', 'missing.toml', 'good.toml'),
        await pool.spmi('load', 'bad.yaml', 'missing.toml', 'good.toml'),
      ]
      expect([checked.status, loaded.status]).toEqual([1, 1])
      expect(wordsOf(checked.stderr)).toBe(wordsOf(loaded.stderr))
      expect(wordsOf(checked.stderr)).toContain(
        'ERROR bad.yaml:4: task.wrapper.comand: unknown key; did you mean "command"?\n',
      )
    })

    test('says that an id is in two of the files, and that one is loaded already', async () => {
      pool.write('twin.toml', GOOD)
      const twins = await pool.spmi('check', 'good.toml', 'twin.toml')
      expect([twins.status, twins.stderr]).toEqual([
        1,
        expect.stringContaining('the id "good" is in good.toml'),
      ])
      await pool.spmi('load', 'good.toml')
      const { status, stderr } = await pool.spmi('check', 'good.toml')
      expect([status, wordsOf(stderr)]).toEqual([
        0,
        'INFO good.toml: manageable "good" is loaded already; "spmi reload" replaces it\nINFO Checked 1 descriptor\n',
      ])
      await pool.spmi('clean', 'good')
    })

    test('answers in JSON', async () => {
      const { status, stdout, stderr } = await pool.spmi('check', '--json', 'good.toml', 'bad.yaml')
      expect([status, stderr]).toEqual([1, ''])
      expect(JSON.parse(stdout)).toMatchObject({
        version: 1,
        descriptors: [{ file: 'good.toml', id: 'good', type: 'task', is_loaded: false }],
        errors: [
          { code: 'descriptor', message: 'bad.yaml:2: task.id: must not hold a "/"' },
          { code: 'descriptor', message: 'bad.yaml:4: task.wrapper.command: this key is missing' },
          { code: 'descriptor' },
        ],
      })
    })
  })

  describe(`schema with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    afterAll(() => pool.dispose())

    test('prints what stands in the package', async () => {
      const { status, stdout } = await pool.spmi('schema')
      expect(status).toBe(0)
      expect(stdout).toBe(readFileSync(join(ROOT, 'dist/schema/descriptor.json'), 'utf8'))
      expect(JSON.parse((await pool.spmi('schema', '--json')).stdout).schema).toEqual(JSON.parse(stdout))
    })

    test('has the keys of the plug-ins in the pool', async () => {
      const plugins = join(pool.path, '.spmi/plugins')
      mkdirSync(plugins, { recursive: true, mode: 0o700 })
      writeFileSync(
        join(plugins, 'own-backend.mjs'),
        `import { Backend, v } from 'spmi'
         export class OwnBackend extends Backend {
           static async loadEntries() {
             return { level: v.pipe(v.number(), v.check(level => level % 2 === 0), v.description('Even.')) }
           }
           async submit(jobs) { return jobs.map(() => ({ accepted: true })) }
         }`,
      )
      const { status, stdout } = await pool.spmi('schema')
      expect([status, JSON.stringify(JSON.parse(stdout))]).toEqual([
        0,
        expect.stringContaining('{"level":{"type":"number","description":"Even."}'.slice(1)),
      ])
    })
  })

  describe(`help with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    afterAll(() => pool.dispose())

    test('shows what -h shows, of all commands or of one', async () => {
      const outputs = async (...argvs: readonly (readonly string[])[]) =>
        Promise.all(argvs.map(async argv => (await pool.spmi(...argv)).stdout))
      const [all, allByOption] = await outputs(['help'], ['-h'])
      expect(all).toBe(allByOption as string)
      const [one, oneByOption] = await outputs(['help', 'start'], ['start', '-h'])
      expect(one).toBe(oneByOption as string)
      expect(one).toContain('Examples:\n    spmi start train\n')
    })

    test('refuses what is no command, with the one that may have been meant', async () => {
      const { status, stderr } = await pool.spmi('help', 'strat')
      expect([status, wordsOf(stderr)]).toEqual([2, 'ERROR unknown command "strat"; did you mean "start"?\n'])
    })

    test('does not speak of what only programs call', async () => {
      expect((await pool.spmi('-h')).stdout).not.toMatch(/\bcomplete /)
    })
  })
}
