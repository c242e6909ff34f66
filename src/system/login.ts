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
export function findLoginName(): string | undefined {
  return /^NAME=(.+)$/m.exec(read(`/run/systemd/users/${getuid?.()}`))?.[1]
}

/** Whether the manager of a user stays when no login is left. */
export function lingers(user: string): boolean {
  return existsSync(`/var/lib/systemd/linger/${user}`)
}

/** From the least to the most important one: of two files of a name that of the later folder counts. */
const FOLDERS = ['/usr/lib/systemd', '/usr/local/lib/systemd', '/run/systemd', '/etc/systemd']

/** What logind is told: names to values, lists separated by spaces, `yes` or `no`. */
export function readLogindSettings(): Map<string, string> {
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
