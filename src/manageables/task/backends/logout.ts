/**
 * What a logout does to tasks: logind may end all processes of the login, and the user's manager ends with the last login
 * unless the user lingers. Source: logind.conf(5), loginctl(1).
 */
import { getuid } from 'node:process'
import type { Environment } from '../../../system/exec.ts'
import { ask, type Finding, ok, warning } from '../../../system/finding.ts'
import { killsProcesses, LINGER, mendSession } from '../../../system/login.ts'

const TOPIC = 'logout'

const asked = new WeakMap<Environment, Promise<readonly Finding[]>>()

/** Whether what was started in a login outlives it. Asked once for all backends of a command. */
export function examineLogout(environment: Environment): Promise<readonly Finding[]> {
  let answer = asked.get(environment)
  if (answer === undefined) {
    answer = examineSessions(environment)
    asked.set(environment, answer)
  }
  return answer
}

async function examineSessions(environment: Environment): Promise<readonly Finding[]> {
  const { text, failure } = await ask(['loginctl', 'show-session', '--all'], environment)
  if (text === undefined)
    return /not installed|connect to bus|not been booted/.test(failure)
      ? [ok(TOPIC, 'tasks outlive it: there is no logind that would end them')]
      : [warning(TOPIC, `whether logind ends tasks is unknown: ${failure}`)]
  const user = await nameUser(environment)
  const settings = parseProperties(text)
  if (!killsProcesses(settings, user)) return [ok(TOPIC, 'tasks outlive it: logind leaves them alone')]
  return [
    warning(
      TOPIC,
      'logind ends the tasks with the login that started them (KillUserProcesses=yes)',
      mendSession(user),
    ),
  ]
}

/** Whether the user's manager, and with it its services, outlives the last login. */
export async function examineLingering(environment: Environment): Promise<Finding> {
  const argv = ['loginctl', 'show-user', String(getuid?.() ?? 0), '--property=Linger'] as const
  const { text, failure } = await ask(argv, environment)
  if (text?.trim() === 'Linger=yes') return ok(TOPIC, 'tasks outlive it: the user lingers')
  const isKnown = text !== undefined || failure.includes('not logged in or lingering')
  return isKnown
    ? warning(TOPIC, 'tasks end with your last login, because you do not linger', LINGER)
    : warning(TOPIC, `whether you linger is unknown: ${failure}`)
}

/** `NAME=VALUE` lines. */
function parseProperties(text: string): Map<string, string> {
  const lines = text.split('\n').filter(line => line.includes('='))
  return new Map(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

async function nameUser(environment: Environment): Promise<string> {
  const { text } = await ask(['id', '-un'], environment)
  return text?.trim() ?? String(getuid?.())
}
