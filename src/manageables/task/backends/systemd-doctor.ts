/** Whether systemd can be used: its programs, the managers that tasks want, and what a logout does. Measured with 252. */
import type { Environment } from '../../../system/exec.ts'
import {
  type Answer,
  ask,
  examineProgram,
  examineVersion,
  type Finding,
  ok,
  problem,
} from '../../../system/finding.ts'
import { examineLingering } from './logout.ts'

const VERSIONS = {
  tested: '252',
  oldest: { version: '250', reason: 'it does not know ExitType=cgroup (systemd.service(5))' },
}

/** Examines systemd. @param managers "--user", "--system" */
export async function examineSystemd(
  environment: Environment,
  managers: readonly string[],
): Promise<readonly Finding[]> {
  const program = examineProgram('systemd-run', 'systemd', environment)
  if (program.level !== 'ok') return [program]
  const [version, ...answers] = await Promise.all([
    ask(['systemctl', '--version'], environment),
    ...managers.map(async manager => examineManager(manager, environment)),
  ])
  return [program, examineVersion(version, VERSIONS), ...answers.flat()]
}

/** A manager that runs may be older than the programs, after an upgrade. */
async function examineManager(manager: string, environment: Environment): Promise<readonly Finding[]> {
  const isUser = manager === '--user'
  const topic = isUser ? 'user manager' : 'system manager'
  const [answer, logout] = await Promise.all([
    ask(['systemctl', manager, 'show', '--property=Version', '--value'], environment),
    isUser ? examineLingering(environment) : undefined,
  ])
  if (answer.text === undefined) return [refuse(topic, answer)]
  const { level, what, mend } = examineVersion(answer, VERSIONS)
  const found = level === 'ok' ? ok(topic, `answers, version ${what}`) : problem(topic, what, mend)
  return logout === undefined ? [found] : [found, logout]
}

function refuse(topic: string, { failure }: Answer): Finding {
  const mend =
    topic === 'user manager'
      ? 'log in to a session of your own (su and sudo make none), or keep a manager: loginctl enable-linger'
      : 'systemd must be the first process of the system'
  return problem(topic, `does not answer: ${failure}`, mend)
}
