/** --json: one document for each command, whatever happens; and --quiet. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { JsonManageable } from '../../src/index.ts'
import { ARTIFACTS, type Artifact, TestPool } from '../support/spmi.ts'

/** A document as it comes, for which a test vouches. */
type Document = Readonly<Record<string, unknown>>

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`--json of ${artifact}`, () => {
    const pool = new TestPool(artifact)
    afterAll(() => pool.dispose())
    const write = (id: string, command: string, comment = '') =>
      pool.write(
        `${id}.json`,
        JSON.stringify({ task: { id, comment, backend: { type: 'native' }, wrapper: { command } } }),
      )
    beforeAll(async () => {
      await pool.load('echo', { command: 'echo 1; exit 3' })
      await pool.load('sleeper', { command: 'exec sleep 300' })
    })

    /** What a command answers: everything on standard output is one document, and standard error is empty. */
    async function answer(...argv: readonly string[]): Promise<readonly [number | null, Document]> {
      const { status, stdout, stderr } = await pool.spmi(...argv)
      expect(stderr).toBe('')
      return [status, JSON.parse(stdout)]
    }
    const identity = (id: string, comment = '') => ({
      id,
      type: 'task',
      comment,
      path: join(pool.path, id),
    })
    const GOOD = { errors: [], warnings: [] }
    const ended = () => pool.spmi('wait', 'echo')

    test('load and reload tell what they loaded', async () => {
      const path = write('new', 'true', 'Comment\n1')
      const manageables = [identity('new', 'Comment\n1')]
      expect(await answer('load', '--json', path)).toEqual([0, { version: 1, manageables, ...GOOD }])
      expect(await answer('reload', path, '--json')).toEqual([
        0,
        { version: 1, manageables, count_from_next_start: [], ...GOOD },
      ])
    })

    test('what cannot be loaded is an error each, and nothing was done', async () => {
      const bad = write('bad', '')
      const [status, document] = await answer('load', bad, '/nowhere.toml', '--json')
      expect(status).toBe(1)
      expect(document).toEqual({
        version: 1,
        errors: [
          { code: 'descriptor', message: expect.stringContaining('bad.json:1: task.wrapper.command') },
          { code: 'descriptor', message: '/nowhere.toml: no such file' },
        ],
        warnings: [],
      })
      const [, taken] = await answer('load', '--json', write('echo', 'true'))
      expect(taken.errors).toEqual([
        { code: 'exists', message: expect.stringContaining('"echo"'), id: 'echo' },
      ])
      const [, missing] = await answer('reload', '--json', write('other', 'true'))
      expect(missing.errors).toEqual([
        { code: 'missing', message: expect.stringContaining('"other"'), id: 'other' },
      ])
    })

    test('start, stop, kill and clean tell for which it was done, and what failed', async () => {
      const failure = (id: string, code: string, message: string) => ({ code, message, id })
      expect(await answer('start', 'sleeper', '--json')).toEqual([
        0,
        { version: 1, manageables: [identity('sleeper')], ...GOOD },
      ])
      expect(await answer('start', '--json', 'sleeper', 'echo', 'nix')).toEqual([
        1,
        {
          version: 1,
          manageables: [identity('echo')],
          errors: [
            failure('sleeper', 'active', 'cannot start manageable "sleeper": it is active'),
            { code: 'missing', message: 'No ID matches "nix"', pattern: 'nix' },
          ],
          warnings: [],
        },
      ])
      await ended()
      expect(await answer('stop', '--json', 'sleeper')).toEqual([
        0,
        { version: 1, manageables: [identity('sleeper')], ...GOOD },
      ])
      expect(await answer('kill', '--json', 'sleeper')).toEqual([
        1,
        {
          version: 1,
          manageables: [],
          errors: [failure('sleeper', 'inactive', 'cannot kill manageable "sleeper": it is inactive')],
          warnings: [],
        },
      ])
      expect(await answer('clean', '--json', 'new')).toEqual([
        0,
        { version: 1, manageables: [identity('new', 'Comment\n1')], ...GOOD },
      ])
    })

    test('list and status tell all of the last run, and status the last lines of its output', async () => {
      const ran = {
        ...identity('echo'),
        state: 'inactive',
        since: expect.stringMatching(TIME),
        run: 1,
        started: expect.stringMatching(TIME),
        ended: expect.stringMatching(TIME),
        duration: expect.any(Number),
        outcome: 'failed',
        exit_code: 3,
        exit: '3',
        backend_type: 'native',
        backend_id: expect.stringMatching(/^\d+$/),
        wrapper_type: 'default',
        command: 'echo 1; exit 3',
        pid: expect.any(Number),
      }
      expect(await answer('status', '--json', 'echo')).toEqual([
        0,
        { version: 1, manageables: [{ ...ran, last_lines: ['1'] }], ...GOOD },
      ])
      const [status, { manageables, ...rest }] = await answer('list', '--json')
      const listed = manageables as readonly JsonManageable[]
      expect([status, rest]).toEqual([0, { version: 1, ...GOOD }])
      expect(listed.map(({ id }) => id)).toEqual(['echo', 'sleeper'])
      expect(listed[0] as unknown).toEqual(ran)
    })

    test('a dry run tells the script and how it would be launched', async () => {
      const [status, { manageables }] = await answer('start', '--json', '--dry-run', 'echo')
      const [planned] = manageables as readonly JsonManageable[]
      expect(status).toBe(0)
      expect(planned).toMatchObject(identity('echo'))
      expect(planned?.plan?.script).toStartWith('#!/bin/sh\n')
      expect(planned?.plan?.script_path).toBe(join(pool.runDirectory('echo', 2), 'run.sh'))
      expect(planned?.plan?.launch?.argv).toBeArray()
    })

    test('wrong usage is a document too, wherever --json stands', async () => {
      for (const argv of [
        ['lsit', '--json'],
        ['list', '--jsno', '--json'],
        ['--json', 'list'],
        ['start', '--json'],
        ['status', '(', '--json'],
        ['connect', 'echo', '--json'],
        ['start', 'echo', '--json', '--backend', 'nix'],
      ]) {
        const [status, { errors, ...rest }] = await answer(...argv)
        expect([argv, status, rest]).toEqual([argv, 2, { version: 1, warnings: [] }])
        expect(errors).toEqual([{ code: 'usage', message: expect.stringMatching(/./) }])
      }
    })

    test('after -- it is a pattern', async () => {
      const { status, stdout, stderr } = await pool.spmi('status', '--', '--json')
      expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining('Nothing to show')])
    })

    test('a pool that cannot be used, and a help, are documents as well', async () => {
      const options = { environment: { SPMI_PATH: '/dev/null' } }
      const { status, stdout, stderr } = await pool.spmiWith(options, 'list', '--json')
      expect([status, stderr]).toEqual([1, ''])
      expect(JSON.parse(stdout).errors).toEqual([
        { code: 'pool', message: expect.stringContaining('/dev/null') },
      ])
      const [, help] = await answer('list', '--json', '-h')
      expect(help).toMatchObject({ version: 1, help: expect.stringContaining('spmi list') })
      const [, version] = await answer('list', '--json', '-v')
      expect(version).toMatchObject({ version: 1, spmi_version: expect.stringMatching(/^\d+\.\d+/) })
    })

    test('-d still says on standard error which programs were run', async () => {
      const { stdout, stderr } = await pool.spmi('start', '-d', '--json', 'sleeper')
      expect(JSON.parse(stdout).errors).toEqual([])
      expect(stderr).toMatch(/ - DEBUG\]\nRan \{/)
      expect(stderr).not.toContain('INFO')
      await pool.spmi('kill', 'sleeper')
    })

    test('--quiet leaves out that all went well, and nothing else', async () => {
      expect(await pool.spmi('start', '--quiet', 'sleeper')).toEqual({ status: 0, stdout: '', stderr: '' })
      const { status, stdout, stderr } = await pool.spmi('start', '-q', 'sleeper', 'nix')
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr.split('\n').filter((_, index) => index % 2 === 1)).toEqual([
        'cannot start manageable "sleeper": it is active',
        'No ID matches "nix"',
      ])
      const list = await pool.spmi('list', '-q')
      expect([list.stdout, list.stderr]).toEqual([(await pool.spmi('list')).stdout, ''])
      await pool.spmi('kill', 'sleeper')
    })
  })
