/** The backend of one run, chosen at its start; and what a start would do, shown without doing it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addNiceness, findByArgument } from '../support/processes.ts'
import { ARTIFACTS, type Artifact, runProgram, TestPool, until } from '../support/spmi.ts'

/** A backend of a key that must be there and one that need not. */
const PLUGIN = `
import { Backend, exec, v } from 'spmi'
export class NiceBackend extends Backend {
  static async loadEntries() {
    return { level: v.pipe(v.number(), v.maxValue(19)), label: v.optional(v.string(), 'plain') }
  }
  async submit(jobs) {
    for (const { script, options } of jobs) {
      const argv = ['/bin/sh', '-c', 'exec nice -n "$1" /bin/sh "$2" &', 'spmi', String(options.level), script]
      await exec(argv, { environment: this.environment, detached: true, timeout: 5000 })
    }
    return jobs.map(() => ({ accepted: true }))
  }
  idOf(run) {
    return 'nice ' + run.options.level + ' ' + run.options.label
  }
}
`

/** A kind of manageable that has no backend. */
const KIND = `
import { Manageable, manageable } from 'spmi'
export class InertManageable extends Manageable {
  async status() { return { state: 'inactive' } }
  async start() {}
  async stop() {}
  async kill() {}
  async retire() {}
}
manageable()(InertManageable)
`

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`choosing the backend with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const plugins = join(pool.path, '.spmi/plugins')
    const status = async (id: string) => (await pool.spmi('status', id)).stdout
    const start = async (...argv: string[]) =>
      expect([argv, await pool.spmi('start', ...argv)]).toMatchObject([argv, { status: 0 }])
    const ended = (id: string, run: number) =>
      until(() => /^ended /m.test(readFileSync(join(pool.runDirectory(id, run), 'journal'), 'utf8')))
    const refused = async (argv: readonly string[], ...words: readonly string[]) => {
      const { status: code, stderr } = await pool.spmi('start', ...argv)
      expect([argv, code]).toEqual([argv, 2])
      for (const text of words) expect(stderr).toContain(text)
      expect(stderr).not.toContain('Starting')
    }

    beforeAll(async () => {
      await pool.load('sleeper', { command: 'exec sleep 3000.5' })
      await pool.load('niced', { command: 'nice' }, { type: 'native' })
      mkdirSync(plugins, { recursive: true })
      writeFileSync(join(plugins, 'nice-backend.mjs'), PLUGIN)
      writeFileSync(join(plugins, 'inert-manageable.mjs'), KIND)
      await pool.load('levelled', { command: 'nice' }, { type: 'nice', level: 5, label: 'own' })
    })
    afterAll(() => pool.dispose())

    const managers = {
      screen: ['screen', '-ls'],
      tmux: ['tmux', '-L', 'spmi', 'list-sessions'],
    } as const
    for (const [backend, argv] of Object.entries(managers))
      test(`a native task runs in ${backend} once, and every command knows`, async () => {
        const sessions = async () => (await runProgram(argv, { environment: pool.environment })).stdout
        for (const end of ['kill', 'stop']) {
          await start('--backend', backend, 'sleeper')
          expect(await sessions()).toContain('spmi-sleeper-')
          const shown = await status('sleeper')
          expect(shown).toContain(`Active: active since `)
          expect(shown).toContain(`Backend type: ${backend}\n`)
          const id = Number(/Backend ID: (\d+)/.exec(shown)?.[1])
          expect(readFileSync(`/proc/${id}/comm`, 'utf8')).toStartWith(backend)
          expect((await pool.spmi('list')).stdout).toMatch(/^sleeper +active/m)
          expect((await pool.spmi('clean', 'sleeper')).stderr).toContain('it is active')
          expect((await pool.spmi('start', 'sleeper')).stderr).toContain('it is active')
          expect(await pool.spmi(end, 'sleeper')).toMatchObject({ status: 0 })
          await until(async () => !(await sessions()).includes('spmi-sleeper-'))
          expect(await status('sleeper')).toMatch(/Active: inactive since .*\n.*\nBackend type: /)
          expect(await status('sleeper')).toContain(`Backend type: ${backend}\n`)
          await start('sleeper')
          expect(await status('sleeper')).toContain('Backend type: native\n')
          expect(await sessions()).not.toContain('spmi-sleeper-')
          expect(await pool.spmi('kill', 'sleeper')).toMatchObject({ status: 0 })
        }
      })

    test('a task whose manager was killed under it is still looked for where it was started', async () => {
      await start('--backend=tmux', 'sleeper')
      await runProgram(['tmux', '-L', 'spmi', 'kill-server'], { environment: pool.environment })
      await until(async () => (await status('sleeper')).includes('Active: inactive since'))
      expect(findByArgument('3000.5')).toEqual([])
      expect(await status('sleeper')).toContain('Backend type: tmux\n')
    })

    test('keys that are set are merged with those of the descriptor, for that run', async () => {
      await start('levelled')
      await ended('levelled', 1)
      expect(await status('levelled')).toContain('Backend ID: nice 5 own\n')
      await start('--set', 'level=7', 'levelled')
      await ended('levelled', 2)
      const shown = await status('levelled')
      expect(shown).toContain('Backend ID: nice 7 own\n')
      expect(shown).toEndWith(`\n\n${addNiceness(7)}\n\n`)
      await start('--backend', 'nice', 'levelled', '--set=label="a=b"')
      await ended('levelled', 3)
      expect(await status('levelled')).toContain('Backend ID: nice 5 a=b\n')
      await start('levelled')
      await ended('levelled', 4)
      expect(await status('levelled')).toContain('Backend ID: nice 5 own\n')
    })

    test('of a backend of another type only what is set counts', async () => {
      await start('--backend', 'nice', '--set', 'level=3', 'niced')
      await ended('niced', 1)
      expect(await status('niced')).toContain('Backend type: nice\n  Backend ID: nice 3 plain\n')
      await refused(['--backend', 'nice', 'niced'], 'backend "nice": level: this key is missing')
    })

    test('what is wrong with a choice is wrong usage, and nothing is started', async () => {
      await refused(['--backend', 'scren', '.*'], 'unknown backend type "scren"; did you mean "screen"?')
      await refused(['--backend', '../native', '.*'], 'unknown backend type "../native"')
      await refused(
        ['--set', 'lable=1', 'levelled'],
        'backend "nice": lable: unknown key; did you mean "label"?',
      )
      await refused(['--set', 'type=screen', 'sleeper'], 'backend "native": type: unknown key')
      await refused(
        ['--set', 'level=20', '--set', 'label=1', 'levelled'],
        'backend "nice": level: ',
        'backend "nice": label: must be string, not 1',
      )
      await refused(['--set', 'level', 'levelled'], '"level" is not of the form key=value')
      await refused(['--set', 'level=1', 'levelled|sleeper'], 'backend "native": level: unknown key')
      await pool.spmi('load', pool.write('inert.json', '{"inert":{"id":"inert"}}'))
      await refused(['--backend', 'screen', 'sleeper|inert'], 'manageable "inert" (inert) has no backend')
      await refused(['--backend'], 'option --backend needs a value: --backend=TYPE')
      expect((await pool.spmi('list')).stdout).not.toMatch(/ active/)
    })

    test('a backend whose plug-in is broken is no wrong usage; one that is gone leaves its run unknown', async () => {
      writeFileSync(join(plugins, 'torn-backend.mjs'), 'export class {')
      const torn = await pool.spmi('start', '--backend', 'torn', 'sleeper')
      expect([torn.status, torn.stderr]).toEqual([1, expect.stringContaining('cannot be imported')])
      writeFileSync(join(plugins, 'passing-backend.mjs'), PLUGIN.replace('Nice', 'Passing'))
      await start('--backend', 'passing', '--set', 'level=1', 'sleeper')
      rmSync(join(plugins, 'passing-backend.mjs'))
      expect(await status('sleeper')).toContain('Active: unknown (unknown backend type "passing"')
      expect((await pool.spmi('list')).stdout).toMatch(/^sleeper +unknown/m)
      for (const verb of ['start', 'stop', 'clean'])
        expect((await pool.spmi(verb, 'sleeper')).stderr).toContain('whether it is active is unknown')
      writeFileSync(join(plugins, 'passing-backend.mjs'), PLUGIN.replace('Nice', 'Passing'))
      expect(await pool.spmi('kill', 'sleeper')).toMatchObject({ status: 0 })
      rmSync(join(plugins, 'passing-backend.mjs'))
      const shown = await status('sleeper')
      expect(shown).toContain('Active: inactive since ')
      expect(shown).toContain('Backend type: passing\n')
      await start('sleeper')
      expect(await pool.spmi('kill', 'sleeper')).toMatchObject({ status: 0 })
    })
  })

/** Everything below a directory: paths, times of change and contents. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map(name => {
      const stats = statSync(join(directory, name))
      const content = stats.isFile() ? readFileSync(join(directory, name), 'latin1') : ''
      return `${name} ${stats.mtimeMs} ${stats.ctimeMs} ${content}`
    })
    .sort()
}

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`start --dry-run with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    beforeAll(async () => {
      const file = pool.write('variables', 'FROM_FILE=swordfish\n')
      const wrapper = { command: 'echo "a  b"', env: { TOKEN: 'hunter2' }, env_file: file }
      await pool.load('it is', wrapper, { type: 'screen' })
      await pool.load('plain', { command: 'exec sleep 300' })
    })
    afterAll(() => pool.dispose())

    test('shows the script and the command line of the next start, and changes nothing', async () => {
      const before = snapshot(pool.folder)
      const { status, stdout, stderr } = await pool.spmi('start', '--dry-run', 'it is')
      expect(snapshot(pool.folder)).toEqual(before)
      expect([status, stderr]).toEqual([0, expect.stringContaining('Would start 1 manageables')])

      const calls = pool.write('calls', '')
      const programs = join(pool.folder, 'programs')
      mkdirSync(programs)
      const real = Bun.which('screen')
      const shim = `#!/bin/sh\nprintf '%s\\n' screen "$@" >>'${calls}'\nexec ${real} "$@"\n`
      writeFileSync(join(programs, 'screen'), shim, { mode: 0o755 })
      const environment = { PATH: `${programs}:${pool.environment.PATH}` }
      expect(await pool.spmiWith({ environment }, 'start', 'it is')).toMatchObject({ status: 0 })
      const [, commandLine = ''] = /^ Launched by: (.*)$/m.exec(stdout) ?? []
      const words = await runProgram(['sh', '-c', `printf '%s\\n' ${commandLine}`])
      expect(words.stdout).toBe(readFileSync(calls, 'utf8'))

      const script = stdout.slice(stdout.indexOf('\n\n#!/bin/sh') + 2).replace(/\n\n$/, '\n')
      const written = readFileSync(join(pool.runDirectory('it is'), 'run.sh'), 'utf8')
      const timeless = (text: string) => text.replace(/^_spmi_zero='\d+'$/m, '')
      expect(timeless(script)).toBe(timeless(written))
      expect(timeless(script)).not.toBe(script)
    })

    test('keeps what may be secret, and says where it comes from', async () => {
      const environment = { PASSWORD: 'correct horse' }
      const { stdout } = await pool.spmiWith({ environment }, 'start', '--dry-run', 'it is')
      for (const secret of ['hunter2', 'swordfish', 'correct horse']) expect(stdout).not.toContain(secret)
      const file = join(pool.folder, 'variables')
      expect(stdout).toContain(
        ` Environment: that of the start, then "${file}", then env: TOKEN (not shown)\n`,
      )
    })

    test('shows what was chosen', async () => {
      const shown = await pool.spmi('start', '--dry-run', '--backend', 'tmux', '.*')
      expect(shown.status).toBe(0)
      expect(shown.stdout.match(/^Backend type: tmux$/gm)).toHaveLength(2)
      expect(shown.stdout.match(/^ Launched by: tmux -L spmi /gm)).toHaveLength(2)
      const refused = await pool.spmi('start', '--dry-run', '--backend', 'tmxu', '.*')
      expect([refused.status, refused.stdout]).toEqual([2, ''])
    })

    test('says what could not be started, with the status of a start', async () => {
      expect(await pool.spmi('start', 'plain')).toMatchObject({ status: 0 })
      const { status, stdout, stderr } = await pool.spmi('start', '--dry-run', 'plain', 'it is')
      expect([status, stdout]).toEqual([1, expect.stringMatching(/^it is \(task\)\n/)])
      expect(stderr).toContain('cannot start manageable "plain": it is active')
      expect(stderr).toContain('Would start 1 manageables')
      const nothing = await pool.spmi('start', '--dry-run', 'nothing')
      expect([nothing.status, nothing.stderr]).toEqual([1, expect.stringContaining('Nothing to start')])
      await pool.spmi('kill', 'plain')
    })
  })
