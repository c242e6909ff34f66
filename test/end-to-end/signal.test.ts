/** signal, pause, resume and restart: what they say, and what they refuse. That each backend keeps its promises shows the contract. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newMark } from '../contract/contract.ts'
import { findByArgument, stateOf } from '../support/processes.ts'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`signals with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const status = async (id: string) => (await pool.spmi('status', id)).stdout
    const output = (id: string, run = 1) => {
      const path = join(pool.runDirectory(id, run), 'stdout')
      return existsSync(path) ? readFileSync(path, 'utf8') : ''
    }
    const runs = (id: string) => readdirSync(join(pool.path, id, 'runs')).sort()
    const done = async (...argv: string[]) => {
      const outcome = await pool.spmi(...argv)
      expect([argv, outcome]).toMatchObject([argv, { status: 0 }])
      return outcome
    }
    afterAll(() => pool.dispose())

    test('a signal may be named in any way, and what names none is wrong usage', async () => {
      await pool.load('named', { command: "trap 'echo USR1' USR1; echo ready; while :; do sleep 0.02; done" })
      await done('start', 'named')
      await until(() => output('named') === 'ready\n')
      for (const [index, name] of ['SIGUSR1', 'USR1', 'usr1', 'sigusr1', '10'].entries()) {
        const { stderr } = await done('signal', name, 'named')
        expect(stderr).toContain('Sending SIGUSR1 to manageable "named"\n')
        expect(stderr).toEndWith('Sent SIGUSR1 to 1 manageables\n')
        await until(() => output('named') === `ready\n${'USR1\n'.repeat(index + 1)}`)
      }
      const cases: readonly (readonly [readonly string[], string])[] = [
        [['signal', 'SIGUSR3', 'named'], 'unknown signal "SIGUSR3"; did you mean "SIGUSR1"?'],
        [['signal', 'tem', 'named'], 'unknown signal "tem"; did you mean "SIGTERM"?'],
        [['signal', '0', 'named'], 'unknown signal "0"; the signals are SIGHUP, '],
        [['signal', '99', 'named'], 'unknown signal "99"'],
        [['signal'], 'signal: <signal> is missing'],
        [['signal', 'USR1'], 'signal: <patterns> is missing'],
      ]
      for (const [argv, words] of cases) {
        const refused = await pool.spmi(...argv)
        expect([argv, refused.status, refused.stderr]).toEqual([argv, 2, expect.stringContaining(words)])
      }
      expect((await pool.spmi('signal', '-h')).stdout).toContain(
        'spmi signal <signal> <patterns>... [options]',
      )
      expect(
        readdirSync(pool.runDirectory('named')).filter(name => name.startsWith('asked.signal-SIGUSR1-')),
      ).toHaveLength(5)
      expect(await status('named')).toContain('Active: active since') // nobody asked for its end
      const { stdout } = await done('signal', '--json', 'KILL', 'named')
      expect(JSON.parse(stdout)).toMatchObject({ version: 1, manageables: [{ id: 'named' }], errors: [] })
      await until(async () => (await status('named')).includes('Exit code: 137 (SIGKILL)\n'))
    })

    test('what is inactive is refused, and what nothing matches is said', async () => {
      await pool.load('idle', { command: 'true' })
      for (const argv of [['signal', 'HUP'], ['pause'], ['resume']]) {
        const [verb] = argv
        const refused = await pool.spmi(...argv, 'idle')
        expect([refused.status, refused.stderr]).toEqual([
          1,
          expect.stringContaining(`cannot ${verb} manageable "idle": it is inactive\n`),
        ])
        expect((await pool.spmi(...argv, 'idel')).stderr).toContain('did you mean "idle"?')
      }
    })

    test('where the command has ended, --all reaches what it left', async () => {
      const mark = newMark()
      await pool.load('left', { command: `setsid sleep ${mark} </dev/null >/dev/null 2>&1 &` })
      await done('start', 'left')
      await until(async () => (await status('left')).includes('Active: active (left behind)'))
      const refused = await pool.spmi('signal', 'TERM', 'left')
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining('its command has ended; --all reaches the processes that it left'),
      ])
      await done('pause', 'left')
      expect(findByArgument(mark).map(stateOf)).toEqual(['T'])
      await done('resume', 'left')
      await done('signal', '--all', 'TERM', 'left')
      await until(() => findByArgument(mark).length === 0)
    })

    test('what somebody stopped or continued by hand is not called paused, and stop ends it all the same', async () => {
      await pool.load('stopped', {
        command: "trap 'exit 6' TERM; echo $$; while :; do sleep 0.02; done",
        stop_signal: 'SIGTERM',
      })
      await done('start', 'stopped')
      await until(() => /\n/.test(output('stopped')))
      const pid = Number(output('stopped'))
      await done('pause', 'stopped')
      process.kill(pid, 'SIGCONT')
      await until(async () => (await status('stopped')).includes('Active: active since'))
      process.kill(pid, 'SIGSTOP')
      await until(() => stateOf(pid) === 'T')
      await done('stop', 'stopped')
      expect(await status('stopped')).toContain('Exit code: 6\n')
    })

    test('restart stops the active ones at once, starts all, and takes the options of start', async () => {
      const command = 'exec sleep 300'
      for (const id of ['web_1', 'web_2', 'web_3']) await pool.load(id, { command })
      await done('start', 'web_1', 'web_2')
      const { stderr } = await done('restart', '--backend', 'screen', 'web_.')
      expect(stderr).toContain('Restarting manageable "web_3"\n')
      expect(stderr).toEndWith('Restarted 3 manageables\n')
      for (const id of ['web_1', 'web_2', 'web_3'])
        expect(await status(id)).toContain('Backend type: screen\n')
      expect(runs('web_1')).toEqual(['1', '2'])
      expect(runs('web_3')).toEqual(['1'])
      const refused = await pool.spmi('restart', '--backend', 'scren', 'web_.')
      expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('did you mean "screen"?')])
      expect(runs('web_1')).toEqual(['1', '2'])
      await done('kill', 'web_.')
    })

    test('what does not stop is not started, and the others are', async () => {
      const mark = newMark()
      await pool.load('stubborn', { command: `trap '' INT TERM; exec sleep ${mark}`, stop_timeout: 0.3 })
      await pool.load('willing', { command: 'exec sleep 300' })
      await done('start', 'stubborn', 'willing')
      await until(() => findByArgument(mark).length === 1)
      const restarted = await pool.spmi('restart', 'stubborn', 'willing')
      expect(restarted.status).toBe(1)
      expect(restarted.stderr).toContain(
        'cannot stop manageable "stubborn" in time: 1 of its processes are left',
      )
      expect(restarted.stderr).toEndWith('Restarted 1 manageables\n')
      expect(runs('stubborn')).toEqual(['1'])
      expect(runs('willing')).toEqual(['1', '2'])
      await done('kill', 'stubborn', 'willing')
    })

    test('a task of a folder that is gone is stopped by restart, and the reason for no start is said', async () => {
      await pool.load('homeless', { command: 'exec sleep 300', cwd: pool.folder })
      await pool.load('folder', { command: 'true' })
      await done('start', 'homeless')
      const text = readFileSync(join(pool.folder, 'homeless.json'), 'utf8').replaceAll(
        pool.folder,
        `${pool.folder}/gone`,
      )
      await done('reload', pool.write('homeless.json', text))
      const { status: code, stderr } = await pool.spmi('restart', 'homeless')
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('cannot start manageable "homeless": the folder'),
      ])
      expect(await status('homeless')).toContain('Active: inactive')
    })
  })
