/** What Slurm does to jobs, and what becomes of the tasks: against a controller and a node of the test's own. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newMark } from '../contract/contract.ts'
import { findByArgument } from '../support/processes.ts'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, type Artifact, type Outcome, runProgram, TestPool, until } from '../support/spmi.ts'

/** Milliseconds within which every command answers, whatever the controller does. */
const PROMISED = 15_000

const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()

/** A pool whose tasks are jobs of a cluster. */
class SlurmPool extends TestPool {
  constructor(cluster: SlurmCluster, artifact?: Artifact) {
    super(artifact, cluster.environment)
  }

  loadJob(id: string, command: string, options: object = {}): Promise<void> {
    return this.load(id, { command, stop_timeout: 5 }, { type: 'slurm', ...options })
  }

  file(id: string, name: string, run = 1): string {
    const path = join(this.runDirectory(id, run), name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  async status(id: string): Promise<string> {
    return (await this.spmi('status', id)).stdout
  }

  async shows(id: string, words: string): Promise<void> {
    let shown = ''
    await until(async () => {
      shown = await this.status(id)
      return shown.includes(words)
    }, 20_000).catch(() => expect(shown).toContain(words))
  }

  async jobOf(id: string): Promise<string> {
    return /Backend ID: (\d+)/.exec(await this.status(id))?.[1] ?? ''
  }

  /** Runs a client of Slurm. @returns what it printed */
  async slurm(...argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await runProgram(argv, { environment: this.environment })
    expect([argv, status, stderr]).toEqual([argv, 0, ''])
    return stdout
  }

  jobs(): Promise<string> {
    return this.slurm('squeue', '--noheader', '--format=%i %t')
  }
}

/** A Slurm of its own and a pool on it, for the tests of a block. @param settings lines of slurm.conf that differ */
function useOwnSlurm(...settings: readonly string[]) {
  const cluster = new SlurmCluster(settings)
  const pool = new SlurmPool(cluster)
  beforeAll(() => cluster.start())
  afterAll(async () => {
    await pool.dispose()
    await cluster.stop()
  })
  return { cluster, pool }
}

if (refusal !== undefined) test.skip(`tasks as jobs of Slurm: ${refusal}`, () => {})
else {
  const cluster = new SlurmCluster(['MinJobAge=2'])
  const limited = new SlurmPool(cluster)
  const limit = newMark()
  beforeAll(async () => {
    await cluster.start()
    await limited.loadJob('limited', `exec sleep ${limit}`, { time: 1 })
    expect(await limited.spmi('start', 'limited')).toMatchObject({ status: 0 })
  })
  afterAll(async () => {
    await limited.dispose()
    await cluster.stop()
  })
  for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
    describe(`a job of ${artifact}`, () => describeJobs(cluster, new SlurmPool(cluster, artifact)))
  describe('a controller that is away', () => describeAbsence(cluster, new SlurmPool(cluster)))
  describe('a job on another host', describeFar)
  describe('a job of a Slurm that keeps accounts', describeAccounts)

  test('a job that comes to its time limit is inactive, and Slurm says why', async () => {
    await until(async () => (await limited.status('limited')).includes('Active: inactive'), 120_000)
    expect(limited.file('limited', 'backend.log')).toContain('DUE TO TIME LIMIT')
    expect(findByArgument(limit)).toEqual([])
  }, 150_000)
}

function describeJobs(cluster: SlurmCluster, pool: SlurmPool): void {
  afterAll(() => pool.dispose())

  test('that waits is active with the reason of Slurm, and a stop takes it from the queue', async () => {
    const mark = newMark()
    await pool.loadJob('held', `exec sleep ${mark}`, { options: ['--hold'] })
    expect(await pool.spmi('start', 'held')).toMatchObject({ status: 0 })
    expect(await pool.status('held')).toContain('Active: active (pending: JobHeldUser) since')
    expect((await pool.spmi('start', 'held')).stderr).toContain('it is active')
    const job = await pool.jobOf('held')
    expect(await pool.spmi('stop', 'held')).toMatchObject({ status: 0 })
    expect(await pool.status('held')).toContain('Active: inactive (start failed: stop came before its start)')
    await until(async () => !(await pool.jobs()).includes(`${job} `))
    expect(findByArgument(mark)).toEqual([])
  })

  test('that Slurm does not let us suspend is not paused, and says why; one that waits cannot be paused', async () => {
    await pool.loadJob('waiting', 'true', { options: ['--hold'] })
    expect(await pool.spmi('start', 'waiting')).toMatchObject({ status: 0 })
    const waiting = await pool.spmi('pause', 'waiting')
    expect([waiting.status, waiting.stderr]).toEqual([
      1,
      expect.stringContaining(
        'cannot pause manageable "waiting": its command has not started (pending: JobHeldUser)',
      ),
    ])
    expect(await pool.spmi('stop', 'waiting')).toMatchObject({ status: 0 })
    await pool.loadJob('shared', 'exec sleep 300')
    expect(await pool.spmi('start', 'shared')).toMatchObject({ status: 0 })
    await pool.shows('shared', 'Active: active since')
    // What an ordinary user is told, by a scontrol that asks Slurm as one.
    const folder = join(pool.folder, 'bin')
    mkdirSync(folder)
    chmodSync(cluster.folder, 0o755)
    const scontrol = `#!/bin/sh\nexec setpriv --reuid=65534 --clear-groups ${Bun.which('scontrol')} "$@"\n`
    writeFileSync(join(folder, 'scontrol'), scontrol, { mode: 0o755 })
    const environment = { PATH: `${folder}:${process.env.PATH}` }
    const refused = await pool.spmiWith({ environment }, 'pause', 'shared')
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /cannot pause manageable "shared": scontrol suspend: .*[Aa]ccess\/permission denied/,
      ),
    ])
    expect(await pool.status('shared')).toContain('Active: active since')
    expect(await pool.spmi('kill', 'shared')).toMatchObject({ status: 0 })
  })

  test('carries its needs in its script, which can be submitted by hand', async () => {
    await pool.loadJob('needs', 'echo "$SET in $SLURM_JOB_ID of $SLURM_JOB_NAME"', {
      partition: 'debug',
      time: '1:30:00',
      nodes: 1,
      tasks: 2,
      cpus_per_task: 3,
      memory: '100M',
      gpus: 1,
      job_name: 'a "name" with \\ spaces',
      setup: ['SET=up', 'export SET'],
      options: ['--hold', '--nice=5', '--comment=of the user'],
    })
    expect(await pool.spmi('start', 'needs')).toMatchObject({ status: 0 })
    const job = await pool.jobOf('needs')
    const shown = await pool.slurm('scontrol', 'show', 'job', job)
    for (const words of [
      'JobName=a "name" with \\ spaces',
      'Partition=debug',
      'TimeLimit=01:30:00',
      'NumCPUs=6',
      'NumTasks=2 CPUs/Task=3',
      'MinMemoryNode=100M',
      'gres:gpu:1',
      'Requeue=0',
      'Nice=5',
    ])
      expect(shown).toContain(words)
    await pool.slurm('scancel', job)
    await pool.shows('needs', 'Active: inactive (lost: cancelled)')
    const directory = pool.runDirectory('needs')
    const again = await runProgram(['sbatch', '--parsable', '--hold', 'run.sh'], {
      cwd: directory,
      environment: pool.environment,
    })
    expect(again).toMatchObject({ status: 0 })
    await pool.slurm('scontrol', 'release', again.stdout.trim())
    await until(() => pool.file('needs', 'stdout') !== '')
    expect(pool.file('needs', 'stdout')).toBe(`up in ${again.stdout.trim()} of a "name" with \\ spaces\n`)
    await pool.shows('needs', 'Exit code: 0')
  })

  test('that is started from within a job is told its own, and keeps the rest of the environment', async () => {
    await pool.loadJob('inside', 'echo "$SLURM_JOB_ID $SLURM_NTASKS $OTHER"')
    const environment = { SLURM_JOB_ID: '999', SLURM_NTASKS: '7', OTHER: 'kept', SBATCH_PARTITION: 'debug' }
    expect(await pool.spmiWith({ environment }, 'start', 'inside')).toMatchObject({ status: 0 })
    await pool.shows('inside', 'Exit code: 0')
    expect(pool.file('inside', 'stdout')).toBe(`${await pool.jobOf('inside')}  kept\n`)
    expect(pool.file('inside', 'run.sh')).toContain('#SBATCH --partition=debug\n')
  })

  test('that Slurm refuses is a start that failed, in the words of sbatch', async () => {
    await pool.loadJob('refused', 'true', { partition: 'nowhere' })
    const { status, stderr } = await pool.spmi('start', 'refused')
    expect(status).toBe(1)
    expect(stderr).toContain('cannot start manageable "refused": sbatch: error: ')
    expect(stderr).toContain('invalid partition')
    expect(await pool.status('refused')).toContain('Active: inactive (start failed: sbatch: error: ')
  })

  test('that somebody cancels is recorded with its signal; before its start it is lost', async () => {
    await pool.loadJob('cancelled', "trap 'echo TERM; exit 3' TERM; sleep 300 & wait")
    expect(await pool.spmi('start', 'cancelled')).toMatchObject({ status: 0 })
    await until(() => pool.file('cancelled', 'journal').includes('spawned'))
    await pool.slurm('scancel', '--batch', '--signal=TERM', await pool.jobOf('cancelled'))
    await pool.shows('cancelled', 'Exit code: 3')
    expect(pool.file('cancelled', 'stdout')).toBe('TERM\n')
    expect(await pool.spmi('start', 'cancelled')).toMatchObject({ status: 0 })
    await until(() => pool.file('cancelled', 'journal', 2).includes('spawned'))
    await pool.slurm('scancel', await pool.jobOf('cancelled'))
    // That signals every process at once: with its sleep gone, the shell may end before its trap has its turn.
    await pool.shows('cancelled', 'Active: inactive since')
    expect(await pool.status('cancelled')).toContain('Exit code: ')
  })

  test('is submitted once by an sbatch that times out after it has submitted, 20 times of 20', async () => {
    const bin = join(pool.folder, 'bin')
    await runProgram(['mkdir', '-p', bin])
    const real = Bun.which('sbatch')
    const words = 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'
    await Bun.write(join(bin, 'sbatch'), `#!/bin/sh\n${real} "$@" >/dev/null\necho '${words}' >&2\nexit 1\n`)
    await runProgram(['chmod', '+x', join(bin, 'sbatch')])
    const ids = Array.from({ length: 20 }, (_, index) => `once_${index}`)
    const paths = ids.map(id =>
      pool.write(
        `${id}.json`,
        JSON.stringify({
          task: {
            id,
            backend: { type: 'slurm' },
            wrapper: { command: 'echo "$SLURM_JOB_ID"; exec sleep 300' },
          },
        }),
      ),
    )
    expect(await pool.spmi('load', ...paths)).toMatchObject({ status: 0 })
    const environment = { PATH: `${bin}:${process.env.PATH}` }
    expect(await pool.spmiWith({ environment }, 'start', 'once_.*')).toMatchObject({ status: 0 })
    const comments = (await pool.slurm('squeue', '--noheader', '--format=%k')).split('\n')
    const submitted = comments.filter(comment => comment.startsWith('spmi-once_'))
    expect(submitted).toHaveLength(20)
    expect(new Set(submitted).size).toBe(20)
    for (const id of ids) {
      await until(() => pool.file(id, 'stdout') !== '')
      expect(pool.file(id, 'stdout')).toBe(`${await pool.jobOf(id)}\n`)
    }
    expect(await pool.spmi('kill', 'once_.*')).toMatchObject({ status: 0 })
  }, 120_000)

  test('that is requeued goes on in the same run as its next attempt', async () => {
    await pool.loadJob('again', 'echo "attempt ${SLURM_RESTART_COUNT:-0}"; exec sleep 300', { requeue: true })
    expect(await pool.spmi('start', 'again')).toMatchObject({ status: 0 })
    await until(() => pool.file('again', 'stdout') === 'attempt 0\n')
    const job = await pool.jobOf('again')
    await pool.slurm('scontrol', 'requeuehold', job)
    await pool.shows('again', 'Active: active (pending: job requeued in held state')
    expect((await pool.spmi('start', 'again')).stderr).toContain('it is active')
    await pool.slurm('scontrol', 'release', job)
    // Slurm lets it wait until its credential has expired. To make it start at once would be to make its node refuse it.
    await until(() => pool.file('again', 'stdout') === 'attempt 0\nattempt 1\n', 60_000)
    await pool.shows('again', 'Active: active since')
    expect(pool.file('again', 'journal.1')).toMatch(/^exited /m)
    await pool.slurm('scontrol', 'requeuehold', job)
    await pool.shows('again', 'Active: active (pending: job requeued in held state')
    expect(await pool.spmi('stop', 'again')).toMatchObject({ status: 0 })
    await pool.shows('again', 'Active: inactive')
    expect(await pool.jobs()).not.toContain(`${job} `)
    expect(pool.file('again', 'stdout')).toBe('attempt 0\nattempt 1\n')
  }, 120_000)

  test('that Slurm has forgotten ended as the run has recorded it', async () => {
    await pool.loadJob('purged', 'echo out; exit 6')
    expect(await pool.spmi('start', 'purged')).toMatchObject({ status: 0 })
    await pool.shows('purged', 'Exit code: 6')
    const job = await pool.jobOf('purged')
    await until(
      async () => !(await pool.slurm('squeue', '--noheader', '--states=all', '--format=%i')).includes(job),
      30_000,
    )
    expect(await pool.status('purged')).toMatch(/Active: inactive since (.*\n)+ +Exit code: 6\n\nout\n/)
  }, 60_000)

  test('goes on when the daemons of its node are started again', async () => {
    await pool.loadJob('node', "trap 'exit 4' INT; while :; do sleep 0.1; done")
    expect(await pool.spmi('start', 'node')).toMatchObject({ status: 0 })
    await until(() => pool.file('node', 'journal').includes('spawned'))
    await cluster.stopNode()
    expect(await pool.status('node')).toContain('Active: active since')
    await cluster.startNode()
    expect(await pool.status('node')).toContain('Active: active since')
    expect(await pool.spmi('stop', 'node')).toMatchObject({ status: 0 })
    expect(await pool.status('node')).toContain('Exit code: 4')
  }, 60_000)

  test('is asked for together with all others: status of 100 runs squeue once', async () => {
    const paths = Array.from({ length: 100 }, (_, index) =>
      pool.write(
        `sim${index}.json`,
        JSON.stringify({
          task: { id: `sim_${index}`, backend: { type: 'slurm' }, wrapper: { command: 'exec sleep 300' } },
        }),
      ),
    )
    expect(await pool.spmi('load', ...paths)).toMatchObject({ status: 0 })
    expect(await pool.spmi('start', 'sim_.*')).toMatchObject({ status: 0 })
    const { stdout, stderr } = await pool.spmi('-d', 'status', 'sim_.*')
    expect(stdout.match(/Active: active/g)).toHaveLength(100)
    expect(stderr.match(/^Ran .*$/gm)).toEqual([expect.stringContaining('["squeue",')])
    expect(await pool.spmi('kill', 'sim_.*')).toMatchObject({ status: 0 })
  }, 60_000)
}

function describeAbsence(cluster: SlurmCluster, pool: SlurmPool): void {
  afterAll(() => pool.dispose())

  test('makes tasks unknown within 15 s and changes nothing; when it is back all is right again', async () => {
    await pool.loadJob('running', 'exec sleep 300')
    await pool.loadJob('ending', 'while [ ! -e "$FILE" ]; do sleep 0.1; done; exit 5')
    await pool.loadJob('ended', 'exit 7')
    await pool.loadJob('fresh', 'true')
    const file = join(pool.folder, 'go')
    expect(await pool.spmiWith({ environment: { FILE: file } }, 'start', 'running', 'end.*')).toMatchObject({
      status: 0,
    })
    await until(() => ['running', 'ending'].every(id => pool.file(id, 'journal').includes('spawned')))
    await pool.shows('ended', 'Exit code: 7')
    await cluster.stopController()
    const timed = async (...args: readonly string[]) => {
      const begin = performance.now()
      const outcome = await pool.spmi(...args)
      expect([args, performance.now() - begin < PROMISED]).toEqual([args, true])
      return outcome
    }
    const listing = (await timed('list')).stdout
    expect(listing).toMatch(/^running +unknown/m)
    expect(listing).toMatch(/^ended +inactive/m)
    expect((await timed('status', 'running')).stdout).toContain('Active: unknown (squeue')
    const refusals = [
      ['start', 'cannot start manageable "running": whether it is active is unknown (squeue'],
      ['stop', 'cannot stop manageable "running": whether it is active is unknown (squeue'],
      ['kill', 'cannot kill manageable "running": whether it is active is unknown (squeue'],
      ['clean', 'cannot clean manageable "running": '],
      ['connect', 'cannot connect to manageable "running": it is unknown (squeue'],
    ] as const
    const outcomes = await Promise.all(refusals.map(([verb]) => timed(verb, 'running')))
    for (const [index, [verb, words]] of refusals.entries()) {
      const { status, stderr } = outcomes[index] as Outcome
      expect([verb, status, stderr]).toEqual([verb, 1, expect.stringContaining(words)])
    }
    expect((await timed('start', 'fresh')).stderr).toContain('cannot start manageable "fresh": sbatch ')
    await Bun.write(file, '')
    await until(() => pool.file('ending', 'journal').includes('ended'))
    expect(await pool.status('ending')).toContain('Exit code: 5') // what is recorded needs no controller
    await cluster.startController()
    expect(await pool.status('running')).toContain('Active: active since')
    expect(await pool.spmi('stop', 'running')).toMatchObject({ status: 0 })
    await pool.shows('running', 'Exit code: 130 (SIGINT)')
    expect(await pool.spmi('start', 'fresh')).toMatchObject({ status: 0 })
    await pool.shows('fresh', 'Exit code: 0')
  }, 180_000)
}

function describeFar(): void {
  const { cluster, pool } = useOwnSlurm('host=node9')

  test('cannot be connected to from here, and the message says how to get there', async () => {
    await pool.loadJob('far', 'echo here; exec sleep 300')
    expect(await pool.spmi('start', 'far')).toMatchObject({ status: 0 })
    await until(() => pool.file('far', 'journal').includes('spawned'))
    const { status, stderr } = await pool.spmiWith({ input: 'x' }, 'connect', 'far')
    const way = `"srun --jobid=${await pool.jobOf('far')} --overlap --pty sh" gives a shell there`
    expect([status, stderr]).toEqual([1, expect.stringContaining(`it is on node9; ${way}`)])
    await pool.spmi('kill', 'far')
  })

  test('gets only the signals that its wrapper passes on, and what is refused is said', async () => {
    await pool.loadJob(
      'deaf',
      `trap 'echo HUP' HUP; trap 'echo TERM' TERM; echo ready; while :; do sleep 0.1; done`,
    )
    expect(await pool.spmi('start', 'deaf')).toMatchObject({ status: 0 })
    await until(() => pool.file('deaf', 'stdout') === 'ready\n')
    const cases = [
      [['HUP'], 'it is on node9, where only SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2 reach it'],
      [['--all', 'TERM'], "it is on node9, where only the command's process group can be reached"],
    ] as const
    for (const [argv, words] of cases) {
      const { status, stderr } = await pool.spmi('signal', ...argv, 'deaf')
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining(`cannot signal manageable "deaf": ${words}`),
      ])
    }
    expect(await pool.spmi('signal', 'TERM', 'deaf')).toMatchObject({ status: 0 })
    await until(() => pool.file('deaf', 'stdout') === 'ready\nTERM\n')
    expect(await pool.spmi('kill', 'deaf')).toMatchObject({ status: 0 })
    expect(pool.file('deaf', 'stdout')).toBe('ready\nTERM\n')
  })

  test('that does not stop in time is left, and named by its host', async () => {
    await pool.load(
      'stubborn',
      { command: "trap '' INT TERM; exec sleep 300", stop_timeout: 1 },
      { type: 'slurm' },
    )
    expect(await pool.spmi('start', 'stubborn')).toMatchObject({ status: 0 })
    await until(() => pool.file('stubborn', 'journal').includes('spawned'))
    const { status, stderr } = await pool.spmi('stop', 'stubborn')
    expect([status, stderr]).toEqual([1, expect.stringContaining('in time: its wrapper on node9 is left')])
    expect(await pool.spmi('kill', 'stubborn')).toMatchObject({ status: 0 })
    expect(await pool.status('stubborn')).toContain('Exit code: 137 (SIGKILL)')
  })

  test('whose node fails is lost, in the word of Slurm', async () => {
    const mark = newMark()
    await pool.loadJob('doomed', `exec sleep ${mark}`)
    expect(await pool.spmi('start', 'doomed')).toMatchObject({ status: 0 })
    await until(() => findByArgument(mark).length === 1)
    await cluster.stopNode()
    expect(findByArgument(mark)).toEqual([])
    expect(await pool.status('doomed')).toContain('Active: active since')
    await pool.slurm('scontrol', 'update', 'nodename=node9', 'state=down', 'reason=test')
    await pool.shows('doomed', 'Active: inactive (lost: node fail)')
    await cluster.startNode()
  }, 60_000)
}

function describeAccounts(): void {
  const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuseAccounts()
  if (refusal !== undefined) {
    test.skip(refusal, () => {})
    return
  }
  const { pool } = useOwnSlurm('accounts=yes', 'MinJobAge=2')

  test('is lost in the word of the accounts, once Slurm has forgotten it', async () => {
    await pool.loadJob('purged', 'true', { options: ['--hold'] })
    expect(await pool.spmi('start', 'purged')).toMatchObject({ status: 0 })
    const job = await pool.jobOf('purged')
    await pool.slurm('scancel', job)
    await until(
      async () => !(await pool.slurm('squeue', '--noheader', '--states=all', '--format=%i')).includes(job),
      30_000,
    )
    await pool.shows('purged', 'Active: inactive (lost: cancelled)')
    const { stderr } = await pool.spmi('-d', 'status', 'purged')
    expect(stderr).toContain('["sacct",')
    expect(await pool.spmi('start', 'purged')).toMatchObject({ status: 0 })
    expect(await pool.spmi('stop', 'purged')).toMatchObject({ status: 0 })
  }, 60_000)
}
