/**
 * Slurm: each run is a batch job, whose script says in #SBATCH lines what the job needs.
 *
 * sbatch may time out and have submitted all the same, so each job bears the run's name as its comment and is looked for by
 * that. Clients wait long for a controller that is away, so each call has a deadline of its own, and what cannot be
 * asked is unknown. Signals go to the batch shell alone, which is the run's wrapper and passes them on once; a plain
 * scancel signals every process of the job. Source: sbatch(1), squeue(1), scancel(1), 22.05.
 */
import type * as v from 'valibot'
import { type Environment, exec, explainFailure, findProgram, type Launch } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import { isFromHere, type SignalName } from '../../../system/process.ts'
import { sleep } from '../../../system/sleep.ts'
import {
  Backend,
  type BackendJob,
  type BackendOptions,
  type BackendRun,
  type Left,
  type Liveness,
  refuseAll,
  type SignalScope,
  type Submission,
} from './backend.ts'
import { launchInLanes } from './lanes.ts'
import { type Directives, toDirectives } from './slurm-directives.ts'
import { findJob, type Job, parseJobs, SQUEUE_FORMAT } from './slurm-jobs.ts'

/** Milliseconds for one client. All that one command asks stays under 15 s although the controller is away. */
const TIMEOUT = 6000

/** Milliseconds for which the daemon of a job heeds no signal after its suspension, also when it was resumed meanwhile. */
const SUSPEND_GRACE = 2500

/** What submits a script that lies in the working directory. */
const SBATCH = ['sbatch', '--parsable']

/** Shell text that submits the job whose script is $2, from its directory, where its log will be. */
const SUBMIT = `(cd "\${2%/*}" && exec timeout -k 1 ${TIMEOUT / 1000} ${SBATCH.join(' ')} "\${2##*/}")`

/** What clients need of the environment. A job gets the environment of its sbatch; the command's own is in the run. */
const CLIENT_VARIABLES = /^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|KRB5CCNAME|SLURM_(CONF|CLUSTERS|JWT))$/

/** What Slurm sets for a job. What the start has of it belongs to the job in which the start was. */
const JOB_VARIABLES =
  /^(SLURM_(?!CONF$|CLUSTERS$|JWT$).*|SLURMD_.*|(CUDA|ROCR)_VISIBLE_DEVICES|GPU_DEVICE_ORDINAL|ZE_AFFINITY_MASK)$/

/** The signals that a wrapper on another host passes on as they are. */
const REACHING: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']

/** The signals that ask it for an end. SIGHUP means to it that its session goes: it passes on SIGTERM. */
const PASSED_ON: readonly SignalName[] = [...REACHING, 'SIGHUP']

/** Runs each task as a batch job of Slurm. */
export class SlurmBackend extends Backend {
  static override async loadEntries(): Promise<v.ObjectEntries> {
    return (await import('./slurm-schema.ts')).SLURM_ENTRIES
  }

  override readonly runsHere = false
  override readonly restartCount = 'SLURM_RESTART_COUNT'

  override provides(variable: string): boolean {
    return JOB_VARIABLES.test(variable)
  }

  override directives(job: BackendJob): readonly string[] {
    return toDirectives(job, this.environment)
  }

  override setup(options: BackendOptions): readonly string[] {
    return (options as Directives).setup
  }

  override mayRestart(given: BackendOptions): boolean {
    const { requeue, options } = given as Directives
    return requeue || options.includes('--requeue')
  }

  override async submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    if (findProgram('sbatch', this.environment.PATH ?? '') === undefined)
      return refuseAll(jobs, 'sbatch is not installed (Debian: apt install slurm-client)')
    const answers = await launchInLanes(jobs, {
      program: 'sbatch',
      command: SUBMIT,
      environment: this.#clientEnvironment(),
      parseId,
    })
    if (answers.every(answer => answer.accepted)) return answers
    const queue = await this.#queue()
    return answers.map((answer, index) => {
      if (answer.accepted) return answer
      if (typeof queue === 'string')
        return { accepted: false, reason: `${answer.reason}; ${queue}; if it has a job, that ends at once` }
      const job = queue.find(({ comment }) => comment === jobs[index]?.name)
      return job === undefined ? answer : { accepted: true, id: job.id }
    })
  }

  override launchOf({ script }: BackendJob): Launch {
    const slash = script.lastIndexOf('/')
    return { argv: [...SBATCH, script.slice(slash + 1)], directory: script.slice(0, slash) }
  }

  override async query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    const queue = await this.#queue()
    if (typeof queue === 'string') return runs.map(() => ({ state: 'unknown', reason: queue }))
    const jobs = runs.map(run => findJob(queue, run))
    const purged = runs.filter((run, index) => run.id !== undefined && jobs[index] === undefined)
    const ends = await this.#accounts(purged.map(run => run.id ?? ''))
    return runs.map(
      (run, index) => jobs[index]?.liveness ?? { state: 'gone', reason: ends.get(run.id ?? '') },
    )
  }

  override async signal(runs: readonly BackendRun[], signal: SignalName, scope: SignalScope): Promise<void> {
    const [near, far] = partition(runs)
    await super.signal(near, signal, scope)
    const passedOn = PASSED_ON.includes(signal) ? signal.slice('SIG'.length) : 'TERM'
    await this.#cancel(far, ['--batch', `--signal=${scope === 'group' ? passedOn : 'TTIN'}`])
  }

  override refuseSignal(run: BackendRun, signal: SignalName, scope: SignalScope): string | undefined {
    if (isFromHere(run.wrapper)) return undefined
    const place = run.wrapper?.host ?? 'another host'
    if (scope !== 'group') return `it is on ${place}, where only the command's process group can be reached`
    return REACHING.includes(signal)
      ? undefined
      : `it is on ${place}, where only ${REACHING.join(', ')} reach it`
  }

  /** By Slurm itself, which halts the whole job and frees its CPUs. Only an operator may. Source: scontrol(1), suspend. */
  override pause(runs: readonly BackendRun[]): Promise<Map<string, Left>> {
    return this.#control('suspend', runs, job => job.isSuspended)
  }

  override async resume(runs: readonly BackendRun[]): Promise<Map<string, Left>> {
    const queue = await this.#queue()
    if (typeof queue === 'string') return new Map(runs.map(run => [run.name, queue]))
    const halted = runs.filter(run => findJob(queue, run)?.isSuspended)
    const others = runs.filter(run => isFromHere(run.wrapper) && !halted.includes(run))
    if (others.length > 0) await super.resume(others) // somebody may have stopped their processes
    const left = await this.#control('resume', halted, job => !job.isSuspended)
    if (halted.some(run => !isFromHere(run.wrapper) && !left.has(run.name))) await sleep(SUSPEND_GRACE)
    return left
  }

  /** @returns those whose jobs are not as they were to be, each with what Slurm said */
  async #control(
    verb: 'suspend' | 'resume',
    runs: readonly BackendRun[],
    isDone: (job: Job) => boolean,
  ): Promise<Map<string, Left>> {
    const ids = runs.map(run => run.id).filter(id => id !== undefined)
    if (ids.length === 0) return new Map()
    const result = await this.#ask(['scontrol', verb, ids.join(',')])
    const queue = await this.#queue()
    const failed = runs.filter(run => {
      const job = typeof queue === 'string' ? undefined : findJob(queue, run)
      return job === undefined || !isDone(job)
    })
    const reason =
      typeof queue === 'string' ? queue : `scontrol ${verb}: ${explainFailure('scontrol', result)}`
    return new Map(failed.map(run => [run.name, reason]))
  }

  /** Where the processes are elsewhere, the wrapper kills them; what does not end by that is left to Slurm. */
  override async kill(runs: readonly BackendRun[], deadline: number): Promise<Map<string, Left>> {
    const [near, far] = partition(runs)
    const nearby = super.kill(near, deadline)
    const until = performance.now() + deadline
    await this.#cancel(far, ['--batch', '--signal=ALRM'])
    let left = await this.#awaitEnd(far, until - deadline / 2)
    if (left.length > 0) {
      await this.#cancel(left, [])
      left = await this.#awaitEnd(left, until)
    }
    return new Map<string, Left>([
      ...(await nearby),
      ...left.map(run => [run.name, `job ${run.id}`] as const),
    ])
  }

  override async withdraw(runs: readonly BackendRun[]): Promise<void> {
    await this.#cancel(runs, ['--state=PENDING'])
  }

  override wayTo(run: BackendRun): string {
    return `"srun --jobid=${run.id} --overlap --pty sh" gives a shell there`
  }

  override async diagnose(uses: readonly BackendOptions[]): Promise<readonly Finding[]> {
    const { examineSlurm } = await import('./slurm-doctor.ts')
    return examineSlurm(this.#clientEnvironment(), uses as readonly Directives[])
  }

  /** Waits until Slurm has ended the jobs of some runs. @returns those whose jobs go on */
  async #awaitEnd(runs: readonly BackendRun[], until: number): Promise<readonly BackendRun[]> {
    let left = runs
    for (let pause = 50; left.length > 0; pause = Math.min(pause * 1.5, 1000)) {
      const answers = await this.query(left)
      left = left.filter((_, index) => answers[index]?.state !== 'gone')
      if (performance.now() + pause > until) break
      if (left.length > 0) await sleep(pause)
    }
    return left
  }

  /** The user's jobs, or why they cannot be known. */
  async #queue(): Promise<Job[] | string> {
    const result = await this.#ask([
      'squeue',
      '--me',
      '--noheader',
      '--states=all',
      `--format=${SQUEUE_FORMAT}`,
    ])
    return result.status === 0 ? parseJobs(result.stdout) : `squeue: ${explainFailure('squeue', result)}`
  }

  /** How jobs that Slurm has forgotten ended, where it keeps accounts. */
  async #accounts(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map()
    const argv = ['sacct', '--noheader', '--parsable2', '--allocations', '--format=JobIDRaw,State']
    const { status, stdout } = await this.#ask([...argv, `--jobs=${ids.join(',')}`])
    if (status !== 0) return new Map()
    const lines = stdout.split('\n').map(line => line.split('|'))
    // "CANCELLED by 1000" names the user; in squeue it is cancelled.
    const toWords = (state: string) => state.replace(/ .*/, '').toLowerCase().replaceAll('_', ' ')
    return new Map(lines.map(([id = '', state = '']) => [id, toWords(state)]))
  }

  async #cancel(runs: readonly BackendRun[], options: readonly string[]): Promise<void> {
    const ids = runs.map(run => run.id).filter(id => id !== undefined)
    if (ids.length > 0) await this.#ask(['scancel', '--quiet', ...options, ...ids])
  }

  #ask(argv: readonly string[]) {
    return exec(argv, { environment: this.#clientEnvironment(), timeout: TIMEOUT })
  }

  #clientEnvironment(): Environment {
    const entries = Object.entries(this.environment)
    return Object.fromEntries(entries.filter(([name]) => CLIENT_VARIABLES.test(name)))
  }
}

/** The id that sbatch prints: `12`, or `12;cluster`. */
function parseId(words: string): string | undefined {
  return /^(\d+)(;.*)?$/m.exec(words)?.[1]
}

/** Runs whose processes are on this host, and the others. */
function partition(runs: readonly BackendRun[]): [BackendRun[], BackendRun[]] {
  const near: BackendRun[] = []
  const far: BackendRun[] = []
  for (const run of runs) (isFromHere(run.wrapper) ? near : far).push(run)
  return [near, far]
}
