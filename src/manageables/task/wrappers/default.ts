/**
 * The default wrapper: the command runs in a session of its own, its output goes straight to files, its input is a
 * FIFO. Compiles a task into a header of quoted assignments, followed by default.sh, and an env file of exports.
 */
import type * as v from 'valibot'
import type { DiagnosisContext } from '../../../core/diagnosis.ts'
import { type DescriptorPlace, resolvePath } from '../../../core/place.ts'
import { SpmiError } from '../../../errors.ts'
import { isFolder } from '../../../store/files.ts'
import { runFiles } from '../../../store/layout.ts'
import type { Environment } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import { readSoftLimits } from '../../../system/limits.ts'
import { bootMoment, isUptimeOfBoot, thisHost } from '../../../system/process.ts'
import { markOf, RUN_VARIABLE } from '../../../system/run-marks.ts'
import { isVariableName, quote, quoteAll, quoteExports } from '../../../system/shell-quote.ts'
import body from './default.sh' with { type: 'text' }
import type { DefaultOptions as Options } from './default-schema.ts'
import { findLauncher, type Launcher } from './launcher.ts'
import { splitPlain } from './plain-command.ts'
import sweep from './sweep.sh' with { type: 'text' }
import {
  type StopPlan,
  Wrapper,
  type WrapperJob,
  type WrapperOptions,
  type WrapperScript,
} from './wrapper.ts'

/** Variables that describe a shell's own state: to import them means nothing, or fails. */
const SHELL_STATE = new Set([
  ...['_', 'PWD', 'OLDPWD', 'PPID', 'UID', 'EUID', 'SHELLOPTS', 'BASHOPTS', 'BASH_VERSINFO'],
  ...['OPTIND', 'HISTCMD', 'SRANDOM'], // not a number, they end dash or bash
  RUN_VARIABLE,
])

/** How the script of a run launches its command. */
export interface LaunchPlan {
  /** What else the script is told, by names without the prefix `_spmi_`. */
  readonly assignments: Readonly<Record<string, string>>
  /** The text of the script after its header. */
  readonly body: string
  /** Lines at the end of env. */
  readonly exports: string
}

/** What all runs of a backend have in common, made once. */
interface SharedText {
  /** Lines of the script's header. */
  readonly assignments: readonly string[]
  /** Lines of env. */
  readonly exports: string
}

/** Runs a command with its output in files and its input from a FIFO. */
export class DefaultWrapper extends Wrapper {
  static override async loadEntries(): Promise<v.ObjectEntries> {
    return (await import('./default-schema.ts')).DEFAULT_ENTRIES
  }

  #launcher: Promise<Launcher> | undefined
  /** By the environment, of which there is one for all tasks of a backend. */
  readonly #shared = new WeakMap<Environment, SharedText>()

  override normalise(raw: WrapperOptions, place: DescriptorPlace): WrapperOptions {
    const options = raw as Options
    const isKeyword = options.stdin === 'fifo' || options.stdin === 'null'
    return {
      ...options,
      cwd: resolvePath(options.cwd, place),
      env_file: options.env_file.map(path => resolvePath(path, place)),
      stdin: isKeyword ? options.stdin : resolvePath(options.stdin, place),
    }
  }

  override warmUp(environment: Environment): void {
    this.#findLauncher(environment).catch(() => {}) // said when a run is compiled
  }

  override async compile(job: WrapperJob): Promise<WrapperScript> {
    const options = job.options as Options
    if (!isFolder(options.cwd))
      throw new SpmiError('start-failed', `the folder "${options.cwd}" does not exist`, {
        hint: 'make it, or change cwd in the descriptor',
      })
    const command = withSetup(job.setup, commandArgv(options))
    const launcher = await this.#findLauncher(job.environment)
    const launch = this.planLaunch(job, launcher.script)
    const shared = this.#share(job, launcher)
    const own = toLines({ ...assignOwn(job, options), ...launch.assignments })
    const head = header(job, [...shared.assignments, ...own], [...launcher.resetSignals, ...command])
    return {
      script: [head, ...(job.runsHere ? [] : [sweep]), launch.body].join('\n'),
      environment: `${shared.exports}${await exportOwn(job, options)}${launch.exports}`,
      needsFifo: options.stdin === 'fifo',
    }
  }

  /** How a command is launched. @param script the path of script(1), where there is one */
  protected planLaunch(_job: WrapperJob, _script: string | undefined): LaunchPlan {
    return { assignments: { terminal: '', hangup: 'TERM' }, body, exports: '' }
  }

  override describeCommand(options: WrapperOptions): string {
    return (options as Options).command
  }

  override describeEnvironment(options: WrapperOptions): string {
    const { env, env_file: files } = options as Options
    const names = Object.keys(env)
    const own = names.length === 0 ? [] : [`env: ${names.join(', ')}`]
    return ['that of the start', ...files.map(file => `"${file}"`), ...own].join(', then ')
  }

  override planStop(options: WrapperOptions): StopPlan {
    const { stop_signal: signals, stop_timeout: seconds } = options as Options
    return { signals, timeout: seconds * 1000 }
  }

  override async diagnose(
    uses: readonly WrapperOptions[],
    context: DiagnosisContext,
  ): Promise<readonly Finding[]> {
    const { examineDefault } = await import('./default-doctor.ts')
    return examineDefault(findLauncher, uses as readonly Options[], context)
  }

  #findLauncher(environment: Environment): Promise<Launcher> {
    this.#launcher ??= findLauncher(environment)
    return this.#launcher
  }

  #share(job: WrapperJob, launcher: Launcher): SharedText {
    let shared = this.#shared.get(job.environment)
    if (shared === undefined) {
      const assignments = toLines(assignShared(job, launcher))
      const leaked = job.leaked.filter(name => job.environment[name] === undefined)
      const unset = leaked.length === 0 ? '' : `unset ${leaked.join(' ')}\n`
      shared = { assignments, exports: `${unset}${exportLines(job.environment)}` }
      this.#shared.set(job.environment, shared)
    }
    return shared
  }
}

/** What the scripts of a backend are told alike, now and later. */
function assignShared(job: WrapperJob, { setsid, env = '' }: Launcher): LaunchPlan['assignments'] {
  const { host, boot } = thisHost()
  return {
    zero_boot: boot,
    forks_for_time: isUptimeOfBoot() ? '' : 'yes',
    boot: job.runsHere ? boot : '',
    host: job.runsHere ? host : '',
    umask: job.umask.toString(8).padStart(4, '0'),
    limits: limitWords(),
    far: job.runsHere ? '' : 'yes',
    attempt: '0',
    setsid,
    env,
  }
}

/** What each of them is told for itself. The clock may have been set since the last one was made. */
function assignOwn(job: WrapperJob, options: Options): LaunchPlan['assignments'] {
  const stdin = { fifo: runFiles.stdin(job.directory), null: '/dev/null' }[options.stdin] ?? options.stdin
  return {
    name: job.name,
    dir: job.directory,
    zero: String(bootMoment()),
    mark: String(markOf(job.name) ?? ''),
    cwd: options.cwd,
    stdin,
    mixed: options.mixed_stdout ? 'yes' : '',
  }
}

function toLines(assignments: LaunchPlan['assignments']): string[] {
  return Object.entries(assignments).map(([name, value]) => `_spmi_${name}=${quote(value)}`)
}

function header(job: WrapperJob, assignments: readonly string[], argv: readonly string[]): string {
  return [
    '#!/bin/sh',
    ...job.directives,
    '# One run of a task: exactly what is started.',
    ...assignments,
    ...(job.restartCount === undefined ? [] : [`_spmi_attempt=\${${job.restartCount}:-0}`]),
    `set -- ${quoteAll(argv)}`,
    '',
  ].join('\n')
}

/** The lines of env that differ from task to task. */
async function exportOwn({ name }: WrapperJob, { env, env_file: files }: Options): Promise<string> {
  const all = files.length === 0 ? [env] : [...(await readAll(files)), env]
  const own = Object.fromEntries(all.flatMap(variables => Object.entries(variables)))
  return `${exportLines(own)}${quoteExports([[RUN_VARIABLE, name]])}`
}

/** The limits of this program, read once for all tasks: `n=1024 c=0 …`. */
function limitWords(): string {
  limits ??= Object.entries(readSoftLimits())
    .map(([letter, value]) => `${letter}=${value}`)
    .join(' ')
  return limits
}
let limits: string | undefined

/**
 * What runs the command: its shell, or nothing in between where no shell has anything to do, which spares a process for
 * the life of the task and makes the command's pid that of the program.
 */
function commandArgv({ shell, command }: Options): readonly string[] {
  const isDefault = shell.length === 2 && shell[0] === 'sh' && shell[1] === '-c'
  return (isDefault ? splitPlain(command) : undefined) ?? [...shell, protect(command)]
}

/** What runs some lines first, in the command's own session, where signals reach them as well. */
function withSetup(setup: readonly string[], argv: readonly string[]): readonly string[] {
  if (setup.length === 0) return argv
  return ['sh', '-c', [...setup, 'exec "$@"'].join('\n'), 'sh', ...argv]
}

/** A command that begins like an option would be taken for one; with a space before it, it is the same command. */
function protect(command: string): string {
  return /^[-+]/.test(command) ? ` ${command}` : command
}

function exportLines(environment: Readonly<Record<string, string>>): string {
  const isOurs = ([name]: readonly [string, string]) => isVariableName(name) && !SHELL_STATE.has(name)
  return quoteExports(Object.entries(environment).filter(isOurs))
}

/** The variables of files. What reads them is loaded when there are some. */
async function readAll(paths: readonly string[]): Promise<readonly Readonly<Record<string, string>>[]> {
  const { readVariables } = await import('./env-file.ts')
  return paths.map(readVariables)
}
