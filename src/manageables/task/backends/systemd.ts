/**
 * systemd: each run is a transient service of the user's manager, or of the system's where root asks for that.
 *
 * A service gets the environment of its manager, so its script begins with an empty one. Only the wrapper is signalled by
 * systemctl stop (KillMode=mixed), and passes that on; the unit is active until the last process of its control
 * group has ended (ExitType=cgroup), not until the wrapper has. Source: systemd.kill(5), systemd.service(5), 252.
 */
import { getuid } from 'node:process'
import type * as v from 'valibot'
import { type Environment, exec, explainFailure, findProgram, type Launch } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import { RUN_VARIABLE } from '../../../system/run-marks.ts'
import {
  Backend,
  type BackendJob,
  type BackendOptions,
  type BackendRun,
  type Liveness,
  refuseAll,
  type Submission,
} from './backend.ts'
import { fill, launchInLanes, type Template, toShell } from './lanes.ts'

const PROPERTIES = ['KillMode=mixed', 'ExitType=cgroup', 'SendSIGHUP=no', 'IgnoreSIGPIPE=no']

/** Runs each task as a transient service of systemd. */
export class SystemdBackend extends Backend {
  static override async loadEntries(): Promise<v.ObjectEntries> {
    return (await import('./systemd-schema.ts')).SYSTEMD_ENTRIES
  }

  override async submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    if (findProgram('systemd-run', this.environment.PATH ?? '') === undefined)
      return refuseAll(jobs, 'systemd-run is not installed (Debian: apt install systemd)')
    const answers = new Map<BackendJob, Submission>()
    for (const manager of ['--user', '--system']) {
      const chosen = jobs.filter(({ options }) => managerOf(options) === manager)
      const submissions = await launchInLanes(chosen.map(escapeDollars), {
        program: 'systemd-run',
        command: `${toShell(newService(manager))} </dev/null`,
        environment: this.#withRuntimeFolder(),
      })
      for (const [index, job] of chosen.entries()) answers.set(job, explainBus(submissions[index]))
    }
    return jobs.map(job => answers.get(job) ?? { accepted: false, reason: 'systemd-run said nothing' })
  }

  override launchOf(job: BackendJob): Launch {
    return { argv: fill(newService(managerOf(job.options)), escapeDollars(job)) }
  }

  override async query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    const units = new Map<string, Set<string> | string>()
    for (const manager of new Set(runs.map(({ options }) => managerOf(options))))
      units.set(manager, await this.#listUnits(manager))
    return runs.map(({ name, options }) => {
      const found = units.get(managerOf(options))
      if (found === undefined || typeof found === 'string') return { state: 'unknown', reason: found ?? '' }
      return { state: found.has(unitOf(name)) ? 'alive' : 'gone' }
    })
  }

  override idOf(run: BackendRun): string {
    return unitOf(run.name)
  }

  override endsWith(options: BackendOptions): 'manager' | undefined {
    return managerOf(options) === '--user' ? 'manager' : undefined
  }

  override async diagnose(uses: readonly BackendOptions[]): Promise<readonly Finding[]> {
    const managers = uses.length === 0 ? ['--user'] : [...new Set(uses.map(managerOf))]
    return (await import('./systemd-doctor.ts')).examineSystemd(this.#withRuntimeFolder(), managers)
  }

  /** The units of ours that the manager has, or why they cannot be known. */
  async #listUnits(manager: string): Promise<Set<string> | string> {
    const argv = ['systemctl', manager, 'list-units', '--plain', '--no-legend', '--no-pager', 'spmi-*']
    const result = await exec(argv, { environment: this.#withRuntimeFolder(), timeout: 10_000 })
    if (result.status !== 0) return `systemctl: ${explainFailure('systemctl', result)}`
    return new Set(result.stdout.split('\n').map(line => line.split(' ')[0] ?? ''))
  }

  /** Over ssh or after su the variable may be missing although the manager is there. */
  #withRuntimeFolder(): Environment {
    return { XDG_RUNTIME_DIR: `/run/user/${getuid?.() ?? 0}`, ...this.environment }
  }
}

/** What makes the service of a job. */
export function newService(manager: string): Template {
  const properties = PROPERTIES.map(property => `--property=${property}`)
  const options = [manager, '--unit=$1', '--collect', '--quiet', ...properties]
  return ['systemd-run', ...options, '--', '/usr/bin/env', '-i', `${RUN_VARIABLE}=`, '/bin/sh', '$2']
}

/** systemd replaces variables in an argv; a doubled dollar sign is one (systemd.service(5), command lines). */
function escapeDollars(job: BackendJob): BackendJob {
  return { ...job, script: job.script.replaceAll('$', '$$$$') }
}

function managerOf(options: BackendOptions): string {
  return options.manager === 'system' ? '--system' : '--user'
}

function unitOf(name: string): string {
  return `${name}.service`
}

/** Adds what to do to the words that tell nothing: there is no manager to talk to. */
function explainBus(submission: Submission | undefined): Submission {
  if (submission === undefined || submission.accepted || !/connect to bus/i.test(submission.reason))
    return submission ?? { accepted: false, reason: 'systemd-run said nothing' }
  const hint = 'no manager answers: log in to a session of your own, or keep it with "loginctl enable-linger"'
  return { accepted: false, reason: `${submission.reason}; ${hint}` }
}
