/**
 * The native backend: the system itself. It needs nothing installed. One sh forks all wrappers of a command and is
 * gone; nothing but the wrappers stays.
 */
import { type Environment, exec, explainFailure, type Launch } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import { readArgv } from '../../../system/process.ts'
import { listPids } from '../../../system/visit-processes.ts'
import {
  Backend,
  type BackendJob,
  type BackendRun,
  type Liveness,
  refuseAll,
  type Submission,
} from './backend.ts'

/** Closes what the caller left open, which dash can do up to 9, and forks a wrapper for each script. */
const LAUNCHER = 'exec 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; for script do /bin/sh "$script" & done'

const SHELL = '/bin/sh'

/** How many scripts one launcher gets: their paths stay far below the limit of an argv (execve(2)). */
const BATCH = 500

/** Runs tasks as processes of the system, without any process manager. */
export class NativeBackend extends Backend {
  override async submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    const submissions: Submission[] = []
    for (let from = 0; from < jobs.length; from += BATCH)
      submissions.push(...(await launch(jobs.slice(from, from + BATCH), this.environment)))
    return submissions
  }

  override launchOf(job: BackendJob): Launch {
    return { argv: launcherOf([job]) }
  }

  /** A wrapper that is yet to come has been launched where a shell has its script among its words, or is about to launch it. */
  override async query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    const shells = listPids()
      .map(readArgv)
      .filter(([program]) => program === SHELL)
    const words = new Set(shells.flat())
    return runs.map(({ script }) => ({ state: words.has(script) ? 'alive' : 'gone' }))
  }

  /** The process that the system runs for us: the wrapper. */
  override idOf(run: BackendRun): string | undefined {
    return run.wrapper && String(run.wrapper.pid)
  }

  override async diagnose(): Promise<readonly Finding[]> {
    return (await import('./logout.ts')).examineLogout(this.environment)
  }
}

/** The argv that launches all jobs at once. */
function launcherOf(jobs: readonly BackendJob[]): string[] {
  return [SHELL, '-c', LAUNCHER, 'spmi', ...jobs.map(job => job.script)]
}

async function launch(jobs: readonly BackendJob[], environment: Environment): Promise<Submission[]> {
  // Every wrapper holds our pipe until its command was started, so the end of file says that all were.
  const result = await exec(launcherOf(jobs), {
    environment,
    detached: true,
    timeout: 5000 + 50 * jobs.length,
    reads: 'stdout',
  })
  if (result.status === 0 || result.timedOut) return jobs.map(() => ({ accepted: true }))
  return refuseAll(jobs, explainFailure(SHELL, result))
}
