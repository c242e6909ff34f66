/**
 * tmux: each run is a detached session of its own, named for the run, on a server of SPMI's own, so that neither the
 * user's sessions nor the user's settings (remain-on-exit) are touched.
 *
 * A tmux server keeps the environment of its first client for ever, so it is given a bare one, and each script begins with
 * an empty one. tmux answers 0 even when it could run nothing, and finds sessions by the beginning of a name; so only
 * the wrapper's record proves a start, and sessions are compared by their whole names. Source: tmux(1), 3.3.
 */
import {
  type Attachment,
  type Environment,
  exec,
  explainFailure,
  findProgram,
  type Launch,
} from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import { RUN_VARIABLE } from '../../../system/run-marks.ts'
import {
  Backend,
  type BackendJob,
  type BackendRun,
  type Liveness,
  refuseAll,
  type Submission,
} from './backend.ts'

/** The name of our server's socket. */
const SOCKET = 'spmi'

const CLIENT = ['tmux', '-L', SOCKET, '-f', '/dev/null']

/** What the server needs of the environment: where it finds its socket and programs, and the encoding. */
const SERVER_VARIABLES = ['HOME', 'PATH', 'TMUX_TMPDIR', 'LANG', 'LC_ALL', 'LC_CTYPE']

/** How many sessions one client makes: its message to the server is limited to 16 KiB (imsg of libutil). */
const BATCH = 50

/** Milliseconds that our server has for all that one command wants of it, which takes it 2 for a session. */
const TIMEOUT = 15_000

/** Runs each task in a session of tmux. */
export class TmuxBackend extends Backend {
  override readonly terminalType = 'screen-256color'

  override async submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    if (findProgram('tmux', this.environment.PATH ?? '') === undefined)
      return refuseAll(jobs, 'tmux is not installed (Debian: apt install tmux)')
    const submissions: Submission[] = []
    const until = performance.now() + TIMEOUT + 50 * jobs.length
    for (let from = 0; from < jobs.length; from += BATCH)
      submissions.push(...(await this.#launch(jobs.slice(from, from + BATCH), until)))
    return submissions
  }

  override launchOf(job: BackendJob): Launch {
    return { argv: [...CLIENT, ...newSession(job)] }
  }

  override async query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    const names = await this.#listSessions(performance.now() + TIMEOUT)
    if (typeof names === 'string') return runs.map(() => ({ state: 'unknown', reason: names }))
    return runs.map(run => ({ state: names.has(run.name) ? 'alive' : 'gone' }))
  }

  /** The server's process: the wrapper's parent. */
  override idOf(run: BackendRun): string | undefined {
    return run.parent === undefined ? undefined : String(run.parent)
  }

  override async diagnose(): Promise<readonly Finding[]> {
    return (await import('./tmux-doctor.ts')).examineTmux(this.environment, SOCKET)
  }

  override attach({ name }: BackendRun): Attachment {
    const argv = [...CLIENT, 'attach-session', '-t', `=${name}`]
    const { TMUX: _, ...environment } = this.environment // as if we were not in a session ourselves
    return { argv, environment, detach: '^B d' }
  }

  /** One client for all. Where it fails it stops, so then each job that it did not come to is tried alone. */
  async #launch(jobs: readonly BackendJob[], until: number): Promise<Submission[]> {
    const result = await this.#run(joinCommands(jobs.map(newSession)), until)
    if (result.status === 0) return jobs.map(() => ({ accepted: true }))
    if (jobs.length === 1 || result.timedOut)
      return refuseAll(jobs, `tmux: ${explainFailure('tmux', result)}`)
    const made = await this.#listSessions(until)
    if (typeof made === 'string') return refuseAll(jobs, made)
    const submissions: Submission[] = []
    for (const job of jobs)
      submissions.push(
        ...(made.has(job.name) ? [{ accepted: true } as const] : await this.#launch([job], until)),
      )
    return submissions
  }

  /** The names of the sessions, or why they cannot be known. */
  async #listSessions(until: number): Promise<Set<string> | string> {
    const result = await this.#run(['list-sessions', '-F', '#{session_name}'], until)
    if (result.status === 0) return new Set(result.stdout.split('\n').filter(name => name !== ''))
    const words = explainFailure('tmux', result)
    const isAbsent =
      !result.timedOut && /^(no server running|error connecting to .*\(No such file)/.test(words)
    return isAbsent ? new Set() : `tmux list-sessions: ${words}`
  }

  #run(command: readonly string[], until: number) {
    const environment: Record<string, string> = { [RUN_VARIABLE]: '' }
    for (const name of SERVER_VARIABLES) copyVariable(environment, this.environment, name)
    return exec([...CLIENT, ...command], {
      environment,
      detached: true,
      timeout: Math.max(1, until - performance.now()),
    })
  }
}

/** The command that makes the session of a job, whose script begins with an empty environment. */
export function newSession({ name, script }: Pick<BackendJob, 'name' | 'script'>): string[] {
  const path = script.replace(/;$/, '\\;') // at the end of an argument tmux takes it for the end of the command
  return ['new-session', '-d', '-s', name, 'env', '-i', `${RUN_VARIABLE}=`, '/bin/sh', path]
}

/** Several commands for one client. */
export function joinCommands(commands: readonly (readonly string[])[]): string[] {
  return commands.flatMap((command, index) => (index === 0 ? command : [';', ...command]))
}

function copyVariable(to: Record<string, string>, from: Environment, name: string): void {
  const value = from[name]
  if (value !== undefined) to[name] = value
}
