/** Whether what the default wrapper needs is here: sh, util-linux, coreutils, and a pool in which a FIFO can be made. */
import type { DiagnosisContext } from '../../../core/diagnosis.ts'
import { probeFifo } from '../../../store/examine-pool.ts'
import { type Environment, exec, findProgram } from '../../../system/exec.ts'
import { type Finding, findingOf, installCommand, ok, problem, warning } from '../../../system/finding.ts'
import { withLockLimit } from '../../../system/limits.ts'
import type { DefaultOptions } from './default-schema.ts'
import type { Launcher } from './launcher.ts'

/** What default.sh calls beside the launcher and mkfifo, and the package that has it. */
const PROGRAMS = { sleep: 'coreutils', cat: 'coreutils', date: 'coreutils', grep: 'grep' }

/**
 * Examines what runs the commands.
 * @param findLauncher finds what launches commands
 */
export async function examineDefault(
  findLauncher: (environment: Environment) => Promise<Launcher>,
  uses: readonly DefaultOptions[],
  { store, environment }: DiagnosisContext,
): Promise<readonly Finding[]> {
  const [launcher, input] = await Promise.all([
    examineLauncher(findLauncher, environment),
    examineInput(uses, { store, environment }),
  ])
  return [await examineShell(), ...examinePrograms(environment), launcher, ...input]
}

/** Whether there is a shell, and whether it can mark the processes of a run. */
async function examineShell(): Promise<Finding> {
  if (findProgram('sh', '/bin') === undefined) return problem('shell', 'there is no /bin/sh')
  if (await canMark()) return ok('shell', '/bin/sh')
  return warning(
    'shell',
    'a process may escape that clears its environment and leaves session and parent: no soft limit of file locks can be set',
    'use dash, bash or BusyBox as /bin/sh, and set no hard limit of file locks (limits.conf(5): locks)',
  )
}

/** Source: run-marks.ts. */
async function canMark(): Promise<boolean> {
  const mark = String(2 ** 48 - 1)
  const argv = withLockLimit(mark, ['/bin/sh', '-c', 'cat /proc/self/limits'])
  const { stdout } = await exec(argv, { environment: { PATH: '/usr/bin:/bin' }, timeout: 5000 })
  return stdout.split(/\s+/).includes(mark)
}

function examinePrograms(environment: Environment): Finding[] {
  const path = `/usr/bin:/bin:${environment.PATH ?? ''}`
  const names = Object.keys(PROGRAMS)
  const missing = Object.entries(PROGRAMS).filter(([name]) => findProgram(name, path) === undefined)
  if (missing.length === 0) return [ok('programs', names.join(', '))]
  return missing.map(([name, packageName]) =>
    warning('programs', `${name} is not installed`, installCommand(packageName, environment)),
  )
}

/** What gives a command a session of its own, and its signals back. */
async function examineLauncher(
  findLauncher: (environment: Environment) => Promise<Launcher>,
  environment: Environment,
): Promise<Finding> {
  try {
    const { setsid, env, resetSignals } = await findLauncher(environment)
    const program = env ?? resetSignals[0]
    if (program !== undefined) return ok('signals', `${setsid}, ${program}`)
    return warning(
      'signals',
      'commands ignore SIGINT: there is neither an env that knows --default-signal nor perl',
      installCommand('coreutils', environment),
    )
  } catch (error) {
    return { ...findingOf('signals', error), mend: installCommand('util-linux', environment) }
  }
}

/** A problem only where a task wants a FIFO, as it does by default. */
async function examineInput(
  uses: readonly DefaultOptions[],
  { store, environment }: DiagnosisContext,
): Promise<Finding[]> {
  try {
    const probe = store && (await probeFifo(store, environment))
    if (probe === undefined) return []
    if (probe.refusal === undefined) return [ok('input', 'FIFOs can be made')]
    const isWanted = uses.length === 0 || uses.some(({ stdin }) => stdin === 'fifo')
    const judge = isWanted ? problem : warning
    return [
      judge('input', `no FIFO can be made in the pool: ${probe.refusal}`, 'stdin = "null" in the descriptor'),
    ]
  } catch (error) {
    return [findingOf('input', error)]
  }
}
