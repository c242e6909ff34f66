/** Whether what the default wrapper needs is here: sh, util-linux, coreutils, and a pool in which a FIFO can be made. */
import type { DiagnosisContext } from '../../../core/diagnosis.ts'
import { probeFifo } from '../../../store/examine-pool.ts'
import { type Environment, findProgram } from '../../../system/exec.ts'
import { type Finding, findingOf, installCommand, ok, problem, warning } from '../../../system/finding.ts'
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
  return [examineShell(), ...examinePrograms(environment), launcher, ...input]
}

function examineShell(): Finding {
  return findProgram('sh', '/bin') ? ok('shell', '/bin/sh') : problem('shell', 'there is no /bin/sh')
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
    const { setsid, resetSignals } = await findLauncher(environment)
    const [program] = resetSignals
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
