/** wait, as scripts use it: when it returns, and with which status. */
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../../src/system/shell-quote.ts'
import { ARTIFACTS, type Artifact, type Outcome, runProgram, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`wait with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    afterAll(() => pool.dispose())
    afterEach(async () => {
      await pool.spmi('kill', '.*')
      await pool.spmi('clean', '.*')
    })

    /** Loads and starts a task that ends with a code when its gate is opened. @returns what opens the gate */
    const startGated = async (id: string, code = 0, command = `exit ${code}`): Promise<() => void> => {
      const gate = join(pool.folder, `gate-${id}`)
      rmSync(gate, { force: true })
      await pool.load(id, { command: `until [ -e '${gate}' ]; do sleep 0.02; done; ${command}` })
      expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
      return () => writeFileSync(gate, '')
    }
    const journal = (id: string) => readFileSync(join(pool.runDirectory(id), 'journal'), 'utf8')
    const pidOf = (id: string, record: string) =>
      Number(new RegExp(`^${record} .*\\bpid=(\\d+)`, 'm').exec(journal(id))?.[1])
    /** Whether a wait is still under way, told by the task that it waits for and by itself. */
    const isWaiting = async (waiting: Promise<Outcome>): Promise<boolean> =>
      (await Promise.race([waiting, Promise.resolve('waiting')])) === 'waiting'

    test('returns when the last one has ended, with the largest exit code', async () => {
      const open = [await startGated('a', 3), await startGated('b', 7), await startGated('c', 0)]
      const waiting = pool.spmi('wait', '[abc]')
      for (const [index, id] of ['a', 'b'].entries()) {
        open[index]?.()
        await until(() => /^ended /m.test(journal(id)))
        expect(await isWaiting(waiting)).toBe(true)
      }
      open[2]?.()
      const { status, stdout, stderr } = await waiting
      expect([status, stdout]).toEqual([7, ''])
      expect(stderr.match(/^Manageable.*$/gm)?.toSorted()).toEqual([
        'Manageable "a" has ended: exit code 3',
        'Manageable "b" has ended: exit code 7',
        'Manageable "c" has ended: exit code 0',
      ])
      expect(stderr).toEndWith('\nWaited for 3 manageables\n')
    })

    test('--any returns when one has ended, with its exit code', async () => {
      await startGated('long', 9)
      const open = await startGated('short', 4)
      const waiting = pool.spmi('wait', '--any', '--json', 'long|short')
      open()
      const { status, stdout } = await waiting
      expect(status).toBe(4)
      expect(JSON.parse(stdout)).toMatchObject({
        version: 1,
        manageables: [
          { id: 'long', state: 'active', run: 1 },
          { id: 'short', state: 'inactive', run: 1, exit_code: 4 },
        ],
        timed_out: false,
        errors: [],
      })
    })

    test('gives the last exit codes of inactive ones at once', async () => {
      const open = await startGated('done', 5)
      open()
      expect(await pool.spmi('wait', 'done')).toMatchObject({ status: 5 })
      expect(await pool.spmi('wait', 'done', '--timeout=0')).toMatchObject({ status: 5 })
    })

    test('a time that is over is 124, whatever has ended with whatever code', async () => {
      const open = await startGated('ended', 200)
      await startGated('endless')
      open()
      const { status, stderr } = await pool.spmi('wait', '--timeout', '0.3', 'ended|endless')
      expect([status, stderr]).toEqual([
        124,
        expect.stringContaining('The time is over: 1 of 2 manageables have'),
      ])
    })

    test('what was never started, is lost or could not be started counts as 1', async () => {
      await pool.load('fresh', { command: 'true' })
      const fresh = await pool.spmi('wait', 'fresh')
      expect([fresh.status, fresh.stderr]).toEqual([1, expect.stringContaining('"fresh" was never started')])

      await startGated('lost')
      const waiting = pool.spmi('wait', 'lost')
      process.kill(pidOf('lost', 'claimed'), 'SIGKILL')
      process.kill(-pidOf('lost', 'spawned'), 'SIGKILL')
      const { status, stderr } = await waiting
      expect([status, stderr]).toEqual([1, expect.stringContaining('Manageable "lost" has ended: lost')])

      await pool.load('unstartable', { command: 'true', stdin: '/nonexistent' })
      expect(await pool.spmi('start', 'unstartable')).toMatchObject({ status: 1 })
      const refused = await pool.spmi('wait', 'unstartable')
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining('has ended: start failed: '),
      ])
    })

    test('a death by a signal is 128 + its number', async () => {
      await startGated('killed')
      const waiting = pool.spmi('wait', 'killed')
      process.kill(-pidOf('killed', 'spawned'), 'SIGKILL')
      expect(await waiting).toMatchObject({ status: 137 })
    })

    test('a task whose processes live on is waited for until they have ended', async () => {
      const release = join(pool.folder, 'release')
      rmSync(release, { force: true })
      const stray = `setsid sh -c 'until [ -e "$1" ]; do sleep 0.02; done' sh '${release}' & exit 6`
      const open = await startGated('parent', 6, stray)
      const waiting = pool.spmi('wait', 'parent')
      open()
      await until(() => /^ended /m.test(journal('parent')))
      expect((await pool.spmi('status', 'parent')).stdout).toContain('active (left behind)')
      expect(await isWaiting(waiting)).toBe(true)
      writeFileSync(release, '')
      expect(await waiting).toMatchObject({ status: 6 })
    })

    test('on a terminal the last line tells how many of how many have ended, and is gone in the end', async () => {
      const open = [await startGated('first', 2), await startGated('second')]
      const [first, second] = open
      const command = [...ARTIFACTS[artifact], 'wait', 'first|second'].map(quote).join(' ')
      const environment = { ...pool.environment, TERM: 'xterm', NO_COLOR: '1' }
      const waiting = runProgram(['script', '-qec', command, '/dev/null'], { environment })
      first?.()
      await until(() => /^ended /m.test(journal('first')))
      second?.()
      const { status, stdout } = await waiting
      expect(status).toBe(2)
      const lines = stdout.replaceAll('\r\n', '\n').split(/\r\x1b\[K/)
      expect(lines.filter(line => /^\d of 2 ended, 1 failed, \d:\d\d:\d\d$/.test(line))).not.toEqual([])
      expect(lines.at(-1)).toMatch(/^\[.* - INFO\]\nWaited for 2 manageables\n$/)
    })

    test('the wrong is said: patterns that match nothing, and what is no duration', async () => {
      const none = await pool.spmi('wait', 'nothing')
      expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('Nothing to wait for')])
      for (const text of ['', '1x', '-1', '1h 30m', 'h'])
        expect([text, await pool.spmi('wait', `--timeout=${text}`, '.*')]).toMatchObject([
          text,
          { status: 2, stderr: expect.stringContaining(`--timeout: "${text}" is not a duration`) },
        ])
    })
  })
