/** list with options: the long list, filters, orders, patterns. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { identify, signalProcess } from '../../src/system/process.ts'
import { ARTIFACTS, type Artifact, runProgram, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`list of ${artifact}`, () => {
    const pool = new TestPool(artifact, {
      TZ: 'UTC',
      XDG_RUNTIME_DIR: '/nowhere',
      DBUS_SESSION_BUS_ADDRESS: '',
    })
    afterAll(() => pool.dispose())
    beforeAll(async () => {
      await pool.load('active', { command: "printf '10%%\\r20%%\\033[31m red\\n\\n'; exec sleep 300" })
      await pool.load('bad', { command: "printf '日本語日本語日本語\\n'; exit 3" })
      await pool.load('good', { command: "printf '\\377\\n'" })
      await pool.load('lost', { command: 'exec sleep 300' })
      await pool.load('new', { command: 'true' })
      await pool.load('refused', { command: 'true' }, { type: 'systemd' }) // no manager is there to take it
      await pool.spmi('start', 'active', 'bad', 'good', 'lost', 'refused')
      const [lost] = await documentOf('lost')
      for (const pid of [Number(lost.backend_id), lost.pid]) {
        const identity = identify(pid)
        if (identity) signalProcess(identity, 'SIGKILL')
      }
      await until(async () => (await ids('--active')).join() === 'active')
    })

    const documentOf = async (...args: readonly string[]) =>
      JSON.parse((await pool.spmi('list', '--json', ...args)).stdout).manageables
    const ids = async (...args: readonly string[]) =>
      (await pool.spmi('list', ...args)).stdout
        .split('\n')
        .slice(1, -1)
        .map(line => line.split(' ')[0] ?? '')

    test('filters: any of the states, and any of the backends', async () => {
      expect(await ids('--inactive')).toEqual(['bad', 'good', 'lost', 'new', 'refused'])
      expect(await ids('--failed')).toEqual(['bad', 'refused'])
      expect(await ids('--lost')).toEqual(['lost'])
      expect(await ids('--lost', '--active')).toEqual(['active', 'lost'])
      expect(await ids('--backend', 'systemd')).toEqual(['refused'])
      expect(await ids('--backend', 'systemd', '--backend=native', '--failed')).toEqual(['bad', 'refused'])
      expect(await ids('--failed', 'b.*', 'good')).toEqual(['bad'])
    })

    test('nothing that passes is no failure; a pattern that matches nothing is one', async () => {
      const { status, stdout, stderr } = await pool.spmi('list', '--backend', 'slurm')
      expect([status, stdout]).toEqual([0, 'ID        ACTIVE    COMMENT\n'])
      expect(stderr).toContain('Showed 0 manageables')
      const unmatched = await pool.spmi('list', 'bad', 'godo')
      expect([unmatched.status, unmatched.stderr]).toEqual([
        1,
        expect.stringContaining('No ID matches "godo"; did you mean "good"?'),
      ])
    })

    test('a backend that does not exist is wrong usage, for which nothing is looked at', async () => {
      const { status, stdout, stderr } = await pool.spmi('list', '--backend', 'native', '--backend', 'slrum')
      expect([status, stdout, stderr]).toEqual([
        2,
        '',
        expect.stringContaining('unknown backend type "slrum"; did you mean "slurm"? (the backend types are'),
      ])
    })

    test('is sorted by a key, either way', async () => {
      expect(await ids('--sort', 'exit')).toEqual(['bad', 'good', 'active', 'lost', 'new', 'refused'])
      expect((await ids('--sort=memory')).slice(0, 1)).toEqual(['active'])
      expect(await ids('-r')).toEqual(['refused', 'new', 'lost', 'good', 'bad', 'active'])
    })

    test('-l tells of each its state in words, its last run, its use and its last line, made harmless', async () => {
      const { status, stdout, stderr } = await pool.spmi('list', '-l')
      expect([status, stderr]).toEqual([0, expect.stringContaining('Registered 6 manageables')])
      const rows = stdout
        .split('\n')
        .slice(0, -1)
        .map(line => line.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME').split(/ +/))
      expect(rows[0]).toEqual(
        ['ID', 'ACTIVE', 'SINCE', 'DURATION', 'EXIT'].concat(['BACKEND', 'PID', 'CPU', 'MEMORY', 'OUTPUT']),
      )
      const [active, bad, good, lost, never, refused] = rows.slice(1)
      const ELAPSED = expect.stringMatching(/^\d:\d\d:\d\d$/)
      expect(active).toEqual(
        ['active', 'active', 'TIME', ELAPSED, '-', 'native', expect.stringMatching(/^\d+$/)].concat([
          expect.stringMatching(/^\d+%$/),
          expect.stringMatching(/^[\d.]+[KM]$/),
          '20%',
          'red',
        ]),
      )
      expect(bad?.slice(1)).toEqual([
        'inactive',
        'TIME',
        ELAPSED,
        '3',
        'native',
        '-',
        '-',
        '-',
        '日本語日本語日本語',
      ])
      expect(good?.slice(1)).toEqual(['inactive', 'TIME', ELAPSED, '0', 'native', '-', '-', '-', '\ufffd'])
      expect(lost?.slice(1)).toEqual(['inactive', '(lost)', '-', '-', '-', 'native', '-', '-', '-'])
      expect(never?.slice(1)).toEqual(['inactive', 'TIME', '-', '-', 'native', '-', '-', '-'])
      expect(refused?.join(' ')).toMatch(/^refused inactive \(start failed: .*… TIME - - systemd - - -$/)
    })

    test('-l --json gives all of it, unabridged', async () => {
      const [active, bad] = await documentOf('-l', 'active', 'bad')
      expect(active).toMatchObject({
        state: 'active',
        processes: 1,
        cpu_time: expect.any(Number),
        memory: expect.any(Number),
        last_line: '10%\r20%\x1b[31m red',
      })
      expect(bad).toMatchObject({ outcome: 'failed', exit_code: 3, last_line: '日本語日本語日本語' })
      expect(bad).not.toContainKey('memory')
    })

    for (const columns of [1, 40, 100, 300])
      test(`-l is no wider than a terminal of ${columns} columns`, async () => {
        const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
        const { stdout } = await runProgram(
          ['script', '-qec', `stty cols ${columns}; exec ${program} list -lq`, '/dev/null'],
          { environment: { ...pool.environment, TERM: 'xterm', NO_COLOR: '1' }, cwd: pool.folder },
        )
        const lines = stdout.split('\r\n').slice(0, -1)
        expect(lines).toHaveLength(7)
        const widths = lines.map(line => Bun.stringWidth(line))
        expect(Math.max(...widths)).toBeLessThanOrEqual(columns)
        const isCut = columns < 300
        expect(lines.some(line => line.endsWith('…'))).toBe(isCut)
      })
  })
