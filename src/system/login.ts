/**
 * What a logout does to processes, from files alone, so that a start may look: which login we are in, and what logind is told.
 * Source: logind.conf(5), systemd-logind.service(8), file-hierarchy of systemd.unit(5).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { getuid } from 'node:process'
import { errnoOf } from '../errors.ts'
import { readProc } from './process.ts'

/**
 * With what the processes that we start end, by our control group: the scope of a login session, or the manager of the user,
 * whose children a desktop's terminals are. Undefined outside of logins.
 */
export function findLogin(): 'session' | 'manager' | undefined {
  const group = readProc('/proc/self/cgroup') ?? ''
  if (/\/user@\d+\.service(\/|$)/m.test(group)) return 'manager'
  return /\/session-[^/]+\.scope(\/|$)/m.test(group) ? 'session' : undefined
}

/** Our name to logind; undefined where it does not know us. */
function findLoginName(): string | undefined {
  return /^NAME=(.+)$/m.exec(read(`/run/systemd/users/${getuid?.()}`))?.[1]
}

/** Whether the manager of a user stays when no login is left. */
export function lingers(user: string): boolean {
  return existsSync(`/var/lib/systemd/linger/${user}`)
}

/** What keeps the manager of a user when no login is left. */
export const LINGER = 'loginctl enable-linger'

/**
 * What ends with a login although it is to go on, in one line; undefined for nothing. Reads files alone.
 * @param place with what our processes end
 */
export function cautionOf(place: 'session' | 'manager'): string | undefined {
  const user = findLoginName()
  if (user === undefined) return undefined
  if (place === 'session')
    return killsProcesses(readLogindSettings(), user)
      ? `What was started ends with this login, because logind ends its processes (KillUserProcesses=yes); ${mendSession(user)}`
      : undefined
  return lingers(user)
    ? undefined
    : `What was started ends with your last login, because you do not linger; "${LINGER}" keeps it`
}

/** What keeps the processes of a user's logins. */
export function mendSession(user: string): string {
  return `KillExcludeUsers=${user} in /etc/systemd/logind.conf, or the backend "systemd" with "${LINGER}"`
}

/** Source: manager_shall_kill() of logind, as logind.conf(5) says it. */
export function killsProcesses(settings: ReadonlyMap<string, string>, user: string): boolean {
  const list = (name: string) => settings.get(name)?.split(' ').filter(Boolean) ?? []
  const [only, excluded] = [list('KillOnlyUsers'), list('KillExcludeUsers')]
  if (settings.get('KillUserProcesses') !== 'yes') return false
  if (excluded.length === 0 && user === 'root') return false
  return !excluded.includes(user) && (only.length === 0 || only.includes(user))
}

/** From the least to the most important one: of two files of a name that of the later folder counts. */
const FOLDERS = ['/usr/lib/systemd', '/usr/local/lib/systemd', '/run/systemd', '/etc/systemd']

/** What logind is told: names to values, lists separated by spaces, `yes` or `no`. */
function readLogindSettings(): Map<string, string> {
  const main = FOLDERS.findLast(folder => existsSync(`${folder}/logind.conf`))
  const extras = new Map<string, string>()
  for (const folder of FOLDERS)
    for (const name of list(`${folder}/logind.conf.d`)) extras.set(name, `${folder}/logind.conf.d/${name}`)
  const names = [...extras.keys()].filter(name => name.endsWith('.conf')).sort()
  const text = main === undefined ? '' : read(`${main}/logind.conf`)
  const settings = new Map<string, string>()
  // What a distribution was built with stands in its file as a comment.
  const built = /^#(KillUserProcesses)=(.*)$/m.exec(text)
  if (built) settings.set(built[1] ?? '', toYes(built[2] ?? ''))
  for (const each of [text, ...names.map(name => read(extras.get(name) ?? ''))]) addSettings(settings, each)
  return settings
}

function addSettings(settings: Map<string, string>, text: string): void {
  for (const [, name = '', value = ''] of text.matchAll(/^\s*(Kill\w+)\s*=[ \t]*(.*?)\s*$/gm)) {
    if (name === 'KillUserProcesses') settings.set(name, toYes(value))
    else settings.set(name, value === '' ? '' : `${settings.get(name) ?? ''} ${value}`.trim()) // a list grows
  }
}

function toYes(value: string): string {
  return /^(1|y|yes|t|true|on)$/i.test(value) ? 'yes' : 'no'
}

function list(folder: string): string[] {
  return quietly([], () => readdirSync(folder))
}

function read(path: string): string {
  return quietly('', () => readFileSync(path, 'utf8'))
}

/** What cannot be read says nothing. */
function quietly<T>(otherwise: T, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return otherwise
  }
}
