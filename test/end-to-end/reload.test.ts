/** reload of what is active: the run keeps what it was started with, and the next start takes the new descriptor. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

/** A kind whose run does not keep what it was started with. */
const KIND = `
import { Manageable, manageable } from 'spmi'
export class RestlessManageable extends Manageable {
  async status() { return { state: 'active' } }
  async start() {}
  async stop() {}
  async kill() {}
  async retire() {}
}
manageable()(RestlessManageable)
`

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`reload of what is active with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const status = async (id: string) => (await pool.spmi('status', id)).stdout
    const output = (id: string, run = 1) => readFileSync(join(pool.runDirectory(id, run), 'stdout'), 'utf8')
    const done = async (...argv: string[]) => {
      const outcome = await pool.spmi(...argv)
      expect([argv, outcome]).toMatchObject([argv, { status: 0 }])
      return outcome
    }
    afterAll(() => pool.dispose())

    test('stop sends what the run was started with, and status shows that until it has ended', async () => {
      const command = "trap 'echo got; exit 4' USR2; echo ready; while :; do sleep 0.02; done"
      await pool.load('kept', { command, stop_signal: 'SIGUSR2', stop_timeout: 8 })
      await done('start', 'kept')
      await until(() => output('kept') === 'ready\n')
      const path = pool.write(
        'other.toml',
        '[task]\nid = "kept"\nbackend.type = "screen"\n[task.wrapper]\ncommand = "exec sleep 300"\nstop_signal = "SIGUSR1"\nstop_timeout = 0.1',
      )
      const { stderr } = await done('reload', path)
      expect(stderr).toContain('Manageable "kept" is active: the new descriptor counts from its next start\n')
      expect(stderr).toEndWith('Reloaded 1 manageable\n')
      const active = await status('kept')
      expect(active).toContain('Active: active since')
      expect(active).toContain('Backend type: native\n')
      expect(active).toContain(`Command: ${command}\n`)
      expect((await pool.spmi('list')).stdout).toMatch(/^kept +active/m)
      expect((await pool.spmi('start', 'kept')).stderr).toContain('it is active')
      await done('stop', 'kept')
      expect(output('kept')).toBe('ready\ngot\n')
      expect(await status('kept')).toContain('Exit code: 4\n')
      await done('start', 'kept')
      const next = await status('kept')
      expect(next).toContain('Backend type: screen\n')
      expect(next).toContain('Command: exec sleep 300\n')
      await done('kill', 'kept')
    })

    test('connect, pause and restart work on a run that is older than its descriptor', async () => {
      await pool.load(
        'reader',
        { command: 'while read -r line; do echo "got $line"; done' },
        { type: 'tmux' },
      )
      await done('start', 'reader')
      await done(
        'reload',
        pool.write(
          'new.json',
          '{"task":{"id":"reader","wrapper":{"command":"exec sleep 300","stdin":"null"}}}',
        ),
      )
      expect(await pool.spmiWith({ input: 'one\n' }, 'connect', 'reader')).toMatchObject({ status: 0 })
      await until(() => output('reader') === 'got one\n')
      await done('pause', 'reader')
      expect(await status('reader')).toContain('Active: active (paused) since')
      await done('restart', 'reader')
      const restarted = await status('reader')
      expect(restarted).toContain('Backend type: native\n')
      expect(restarted).toContain('Command: exec sleep 300\n')
      await done('kill', 'reader')
    })

    test('is told as JSON', async () => {
      await pool.load('json', { command: 'exec sleep 300' })
      const path = join(pool.folder, 'json.json')
      const reload = async () => JSON.parse((await done('reload', '--json', path)).stdout)
      expect(await reload()).toMatchObject({ manageables: [{ id: 'json' }], count_from_next_start: [] })
      await done('start', 'json')
      expect(await reload()).toMatchObject({
        version: 1,
        manageables: [{ id: 'json' }],
        count_from_next_start: ['json'],
        errors: [],
      })
      await done('kill', 'json')
    })

    test('a kind whose runs do not keep what they were started with refuses it, and so does a change of the kind', async () => {
      mkdirSync(join(pool.path, '.spmi/plugins'), { recursive: true })
      writeFileSync(join(pool.path, '.spmi/plugins/restless-manageable.mjs'), KIND)
      const restless = pool.write('restless.json', '{"restless":{"id":"restless"}}')
      await done('load', restless)
      const refused = await pool.spmi('reload', restless)
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining('cannot reload manageable "restless": it is active'),
      ])
      await pool.load('task', { command: 'exec sleep 300' })
      await done('start', 'task')
      const changed = await pool.spmi('reload', pool.write('changed.json', '{"restless":{"id":"task"}}'))
      expect([changed.status, changed.stderr]).toEqual([
        1,
        expect.stringContaining('cannot reload manageable "task": it is active'),
      ])
      await done('kill', 'task')
      for (const verb of [['signal', 'USR1'], ['pause'], ['resume']]) {
        const [name] = verb
        const { status: code, stderr } = await pool.spmi(...verb, 'restless')
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining(`cannot ${name} manageable "restless": "restless" does not support it`),
        ])
      }
    })
  })
