/** Whether what the terminal wrapper needs besides is here: a script(1) that gives a terminal. */
import { type Environment, exec, explainFailure, findProgram } from '../../../system/exec.ts'
import {
  ANSWER_TIMEOUT,
  type Finding,
  findingOf,
  installCommand,
  ok,
  problem,
} from '../../../system/finding.ts'

/** Asks script for a terminal, as the script of a run does. */
export async function examineTerminal(environment: Environment): Promise<Finding> {
  const mend = installCommand('bsdutils', environment)
  const path = `/usr/bin:/bin:${environment.PATH ?? ''}`
  const script = findProgram('script', path)
  if (script === undefined) return problem('terminal', 'script is not installed', mend)
  try {
    const argv = [script, '-qec', 'tty && stty size', '/dev/null']
    const result = await exec(argv, {
      environment: { PATH: path, SHELL: '/bin/sh' },
      timeout: ANSWER_TIMEOUT,
    })
    if (result.status === 0 && /^\/dev\//.test(result.stdout)) return ok('terminal', script)
    return problem(
      'terminal',
      `script(1) of util-linux gives none: ${explainFailure('script', result)}`,
      mend,
    )
  } catch (error) {
    return findingOf('terminal', error)
  }
}
