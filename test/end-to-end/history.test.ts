/** history, prune and keep_runs, with real runs that end in each way. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`history and prune with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const run = async (id: string) => {
      expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
      await pool.spmi('wait', id) // which exits with the code of the run
    }
    const runsOf = (id: string) => readdirSync(join(pool.path, id, 'runs')).sort()
    const json = async (...args: string[]) => JSON.parse((await pool.spmi(...args, '--json')).stdout)
    beforeAll(async () => {
      // Ends in another way each time: the number of the run is that of its files' directory.
      const command =
        'case $(pwd) in *) n=$(ls runs | wc -l);; esac; [ $n != 3 ] || exec sleep 300; exit $((n - 1))'
      await pool.load('mixed', { command, cwd: join(pool.path, 'mixed') })
      await pool.load('fresh', { command: 'true' })
      const path = pool.write(
        'kept.json',
        JSON.stringify({ task: { id: 'kept', keep_runs: 2, wrapper: { command: 'echo $SPMI_RUN' } } }),
      )
      expect(await pool.spmi('load', path)).toMatchObject({ status: 0 })
    })
    afterAll(() => pool.dispose())

    test('shows each run with its begin, its duration, its backend, and how it ended', async () => {
      await run('mixed')
      await run('mixed')
      await pool.spmi('start', 'mixed')
      expect(await pool.spmi('stop', 'mixed')).toMatchObject({ status: 0 })
      await pool.spmi('start', 'mixed', '--backend', 'screen')
      await pool.spmi('wait', 'mixed')
      await pool.load('lost', { command: 'exec sleep 300' })
      await pool.spmi('start', 'lost')
      for (const pid of pidsOf(pool, 'lost')) process.kill(pid, 'SIGKILL')
      await until(async () => /lost/.test((await pool.spmi('status', 'lost')).stdout))
      await pool.spmi('start', 'lost')
      const { status, stdout, stderr } = await pool.spmi('history', 'mixed|fresh|lost')
      expect([status, stderr]).toEqual([0, expect.stringContaining('Showed 6 runs of 3 manageables\n')])
      const masked = stdout
        .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'STARTED            ')
        .replaceAll(/\d:\d\d:\d\d /g, 'DURA... ')
      expect(masked).toBe(
        [
          'ID        RUN       STARTED             DURATION  BACKEND   END',
          'lost      1         STARTED                       native    lost',
          'lost      2         STARTED             DURA...   native    active',
          'mixed     1         STARTED             DURA...   native    0',
          'mixed     2         STARTED             DURA...   native    1',
          'mixed     3         STARTED             DURA...   native    130 (SIGINT)',
          'mixed     4         STARTED             DURA...   screen    3',
          '',
        ].join('\n'),
      )
    }, 60_000)

    test('--json tells the same to programs', async () => {
      const { version, manageables, errors } = await json('history', 'mixed|lost', 'nothing')
      expect([version, errors]).toEqual([1, [expect.objectContaining({ pattern: 'nothing' })]])
      const [lost, mixed] = manageables
      expect(lost.runs[0]).toEqual({
        run: 1,
        path: pool.runDirectory('lost', 1),
        state: 'inactive',
        words: 'lost',
        started: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        outcome: 'lost',
        pid: expect.any(Number),
        backend_type: 'native',
      })
      expect(mixed.runs[2]).toMatchObject({ exit: '130 (SIGINT)', exit_code: 130, state: 'inactive' })
      for (const { started, ended, duration } of mixed.runs)
        expect(duration).toBeCloseTo((Date.parse(ended) - Date.parse(started)) / 1000, 3)
    })

    test('prune --keep removes the oldest runs, and never the last or an active one', async () => {
      const outcome = await pool.spmi('prune', '--keep', '2', 'mixed|fresh|lost')
      expect([outcome.status, outcome.stderr]).toEqual([
        0,
        expect.stringContaining('Removed 2 runs of 3 manageables\n'),
      ])
      expect([runsOf('mixed'), runsOf('lost')]).toEqual([
        ['3', '4'],
        ['1', '2'],
      ])
      const { manageables } = await json('prune', '--keep=1', 'mixed|lost')
      expect(manageables.map(({ removed_runs }: { removed_runs: number[] }) => removed_runs)).toEqual([
        [1],
        [3],
      ])
      expect((await pool.spmi('status', 'lost')).stdout).toContain('Active: active')
      for (const keep of ['0', '-1', 'x', '1.5'])
        expect(await pool.spmi('prune', `--keep=${keep}`, '.*')).toMatchObject({ status: 2 })
    })

    test('prune without --keep goes by the descriptor, and says when that keeps all', async () => {
      const { status, stderr } = await pool.spmi('prune', 'mixed')
      expect([status, stderr]).toEqual([0, expect.stringContaining('keeps all its runs')])
      expect(runsOf('mixed')).toEqual(['4'])
    })

    test('keep_runs is applied by start, and stays with the runs over a reload', async () => {
      for (let count = 1; count <= 4; count++) await run('kept')
      expect(runsOf('kept')).toEqual(['3', '4'])
      const path = pool.write(
        'kept.json',
        JSON.stringify({ task: { id: 'kept', wrapper: { command: 'true' } } }),
      )
      expect(await pool.spmi('reload', path)).toMatchObject({ status: 0 })
      await run('kept')
      expect(runsOf('kept')).toEqual(['3', '4', '5'])
    }, 30_000)

    test('a start that cannot remove old runs says so, and has started all the same', async () => {
      await pool.load('stuck', { command: 'true' })
      for (let count = 1; count <= 2; count++) await run('stuck')
      const descriptor = { task: { id: 'stuck', keep_runs: 1, wrapper: { command: 'true' } } }
      await pool.spmi('reload', pool.write('stuck.json', JSON.stringify(descriptor)))
      const journal = join(pool.runDirectory('stuck'), 'journal')
      rmSync(journal)
      mkdirSync(journal)
      const { status, stderr } = await pool.spmi('start', 'stuck')
      expect([status, stderr]).toEqual([
        0,
        expect.stringMatching(
          /- WARNING\]\ncannot prune manageable "stuck": "\S+\/journal" is damaged: it is a directory; move it away\n.*\nStarted 1 manageables\n/,
        ),
      ])
      await pool.spmi('wait', 'stuck')
      const { warnings } = await json('start', 'stuck')
      expect(warnings).toEqual([{ message: expect.stringContaining('cannot prune manageable "stuck"') }])
      rmdirSync(journal)
      await pool.spmi('wait', 'stuck')
      await run('stuck')
      expect(runsOf('stuck')).toEqual(['5'])
    }, 60_000)

    test('a wrong keep_runs is refused with its key', async () => {
      for (const [value, words] of [
        [0, 'must be at least 1'],
        [1.5, 'must be a whole number'],
        ['2', 'must be number, not "2"'],
      ] as const) {
        const content = { task: { id: 'wrong', keep_runs: value, wrapper: { command: 'true' } } }
        const { stderr } = await pool.spmi('load', pool.write('wrong.json', JSON.stringify(content)))
        expect(stderr).toContain(`wrong.json:1: task.keep_runs: ${words}`)
      }
    })
  })

/** The wrapper and the command of a run, by its journal. */
function pidsOf(pool: TestPool, id: string): number[] {
  const journal = readFileSync(join(pool.runDirectory(id), 'journal'), 'utf8')
  return [...journal.matchAll(/^(?:claimed|spawned) .*?pid=(\d+)/gm)].map(([, pid]) => Number(pid))
}
