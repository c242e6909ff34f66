/** Slurm chosen for one run of a task whose descriptor says otherwise: a backend whose runs may be on other hosts. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, type Artifact, runProgram, TestPool, until } from '../support/spmi.ts'

const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()

if (refusal !== undefined) test.skip(`choosing Slurm: ${refusal}`, () => {})
else describe('choosing Slurm', describeChoice)

function describeChoice(): void {
  const cluster = new SlurmCluster()
  beforeAll(() => cluster.start())
  afterAll(() => cluster.stop())

  for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
    describe(`with ${artifact}`, () => {
      const pool = new TestPool(artifact, cluster.environment)
      const status = async () => (await pool.spmi('status', 'sleeper')).stdout
      const queue = async () =>
        (await runProgram(['squeue', '--noheader', '--format=%k %T'], { environment: pool.environment }))
          .stdout
      beforeAll(() => pool.load('sleeper', { command: 'exec sleep 3000' }))
      afterAll(() => pool.dispose())

      test('a job that waits and one that runs are known to every command', async () => {
        for (const [held, words, end] of [
          [true, 'active (pending: JobHeldUser) since', 'kill'],
          [false, 'active since', 'stop'],
        ] as const) {
          const options = held
            ? ['--set', 'options=["--hold"]']
            : ['--set', 'nodes=1', '--set', 'time=01:00:00']
          const started = await pool.spmi('start', '--backend', 'slurm', ...options, 'sleeper')
          expect(started).toMatchObject({ status: 0 })
          await until(async () => (await status()).includes(`Active: ${words}`))
          expect(await status()).toMatch(/^Backend type: slurm\n {2}Backend ID: \d+$/m)
          expect(await queue()).toMatch(/^spmi-sleeper-[0-9a-f]{11}x (PENDING|RUNNING)$/m)
          expect((await pool.spmi('start', 'sleeper')).stderr).toContain('it is active')
          const reloaded = await pool.spmi('reload', join(pool.folder, 'sleeper.json'))
          expect(reloaded.stderr).toContain('Manageable "sleeper" is active: the new descriptor counts')
          expect(await pool.spmi(end, 'sleeper')).toMatchObject({ status: 0 })
          await until(async () => !(await queue()).includes('spmi-sleeper-'))
          expect(await status()).toMatch(/Active: inactive(.*\n)*Backend type: slurm\n/)
        }
        expect(await pool.spmi('start', 'sleeper')).toMatchObject({ status: 0 })
        expect(await status()).toContain('Backend type: native\n')
        expect(await pool.spmi('kill', 'sleeper')).toMatchObject({ status: 0 })
      })

      test('run and wait serve a job as any task, also one that its queue loses', async () => {
        const job = ['--backend', 'slurm', '--set', 'nodes=1']
        const command = 'echo "job of $SLURM_JOB_NUM_NODES node"; exit 5'
        const shown = await pool.spmi('run', '-q', ...job, '--foreground', '--', command)
        expect(shown).toEqual({ status: 5, stdout: 'job of 1 node\n', stderr: '' })

        const held = await pool.spmi(
          'run',
          '-q',
          ...job,
          '--set',
          'options=["--hold"]',
          '--',
          'sleep',
          '3000',
        )
        const id = held.stdout.trim()
        const waiting = pool.spmi('wait', id)
        const backendId = /Backend ID: (\d+)/.exec((await pool.spmi('status', id)).stdout)?.[1] ?? ''
        await runProgram(['scancel', backendId], { environment: pool.environment })
        const { status: code, stderr } = await waiting
        expect([code, stderr]).toEqual([1, expect.stringContaining(`Manageable "${id}" has ended: lost`)])
      })

      test('a dry run shows the directives and how the script would be submitted', async () => {
        const argv = ['--backend', 'slurm', '--set', 'nodes=2', '--set', 'time=01:00:00', 'sleeper']
        const { stdout } = await pool.spmi('start', '--dry-run', ...argv)
        expect(stdout).toMatch(/^ Launched by: cd \S+\/sleeper\/runs\/4 && sbatch --parsable run\.sh$/m)
        expect(stdout).toContain('\n#SBATCH --time=01:00:00\n#SBATCH --nodes=2\n')
        expect(await queue()).not.toContain('spmi-sleeper-')
        const starter = readFileSync(join(pool.runDirectory('sleeper', 2), 'starter'), 'utf8')
        expect(JSON.parse(starter).backend).toMatchObject({ type: 'slurm', nodes: 1, requeue: false })
      })
    })
}
