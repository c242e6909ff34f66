/** A start warns of what ends with a logout: by real files of logind, in a mount namespace of its own. */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonDocument } from '../../src/core/json-shape.ts'
import { ARTIFACTS, type Outcome, runProgram, TestPool } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'
import { needs } from '../unit/needs.ts'

const mayMount = UserManager.refuse() === undefined
const logind = needs('a mount namespace of our own', mayMount, 'privilege')

const SESSION = '0::/user.slice/user-0.slice/session-3.scope'
const DESKTOP = '1:name=systemd:/user.slice/user-0.slice/user@0.service/app.slice/terminal.scope'
const KILLS = { '/etc/systemd/logind.conf': '[Login]\nKillUserProcesses=yes\nKillExcludeUsers=nobody\n' }
const SESSION_ENDS =
  'What was started ends with this login, because logind ends its processes (KillUserProcesses=yes); KillExcludeUsers=root in /etc/systemd/logind.conf, or the backend "systemd" with "loginctl enable-linger"'
const MANAGER_ENDS =
  'What was started ends with your last login, because you do not linger; "loginctl enable-linger" keeps it'

/** The first argument is the control group, the second one a folder with what is to be there; the rest becomes the program. */
const LOGIN = `set -e
for folder in /run /etc/systemd /var/lib/systemd/linger; do mkdir -p "$folder"; mount -t tmpfs tmpfs "$folder"; done
mkdir -p /run/systemd/users; echo NAME=root >/run/systemd/users/0
cp -r "$2/." /
mount --bind "$1" "/proc/$$/cgroup"
shift 2
exec "$@"`

describe('a start in a login', () => {
  const pool = new TestPool()
  let made = 0
  beforeAll(async () => {
    for (const id of ['a', 'b']) await pool.load(id, { command: 'true', stdin: 'null' })
  })
  afterAll(() => pool.dispose())

  /** Runs a command in a control group, with files that are there. */
  async function login(
    group: string,
    files: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<Outcome> {
    const root = join(pool.folder, `root-${++made}`)
    for (const [path, text] of Object.entries({ '/run/empty': '', ...files }))
      await Bun.write(join(root, path), text)
    const cgroup = `${root}.cgroup`
    writeFileSync(cgroup, `${group}\n`)
    const argv = ['unshare', '-m', 'sh', '-c', LOGIN, 'sh', cgroup, root, ...ARTIFACTS['dist/spmi'], ...args]
    const outcome = await runProgram(argv, { environment: pool.environment, cwd: pool.folder })
    expect(outcome).toMatchObject({ status: 0 })
    return outcome
  }

  const warnings = async (
    group: string,
    files: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ) => {
    const { stderr } = await login(group, files, ...(args.length > 0 ? args : ['start', '.*']))
    return [...stderr.matchAll(/WARNING\]\n(.*)/g)].map(([, words]) => words)
  }

  logind('warns once when logind ends the processes of the session', async () => {
    expect(await warnings(SESSION, KILLS)).toEqual([SESSION_ENDS])
    expect(await warnings(SESSION, KILLS, 'restart', '.*')).toEqual([SESSION_ENDS])
    expect(await warnings(SESSION, KILLS, 'run', 'true')).toEqual([SESSION_ENDS])
    const { stdout } = await login(SESSION, KILLS, 'start', '--json', 'a')
    expect((JSON.parse(stdout) as JsonDocument).warnings).toEqual([{ message: SESSION_ENDS }])
  })

  logind('says nothing outside of logins, or where logind leaves processes alone', async () => {
    expect(await warnings('0::/system.slice/cron.service', KILLS)).toEqual([])
    expect(await warnings(SESSION, {})).toEqual([])
    expect(await warnings(SESSION, { '/etc/systemd/logind.conf': '#KillUserProcesses=no\n' })).toEqual([])
    // root is excepted where nobody is said to be
    expect(await warnings(SESSION, { '/etc/systemd/logind.conf': 'KillUserProcesses=yes\n' })).toEqual([])
  })

  logind('reads what logind reads, in its order', async () => {
    const nobody = { '/etc/systemd/logind.conf.d/1.conf': 'KillExcludeUsers=nobody\n' }
    const built = { '/etc/systemd/logind.conf': '#KillUserProcesses=yes\n', ...nobody }
    expect(await warnings(SESSION, built)).toEqual([SESSION_ENDS])
    const later = { ...built, '/run/systemd/logind.conf.d/2.conf': '[Login]\nKillUserProcesses = off\n' }
    expect(await warnings(SESSION, later)).toEqual([])
    const masked = { ...later, '/etc/systemd/logind.conf.d/2.conf': '' }
    expect(await warnings(SESSION, masked)).toEqual([SESSION_ENDS])
  })

  logind('warns when the user manager, in which a desktop runs, ends with the last login', async () => {
    expect(await warnings(DESKTOP, {})).toEqual([MANAGER_ENDS])
    expect(await warnings(DESKTOP, { '/var/lib/systemd/linger/root': '' })).toEqual([])
  })

  logind('warns of the user manager for the backend systemd, in a session too', async () => {
    const manager = new UserManager()
    try {
      await manager.start()
      Object.assign(pool.environment, manager.environment)
      await pool.load('unit', { command: 'true', stdin: 'null' }, { type: 'systemd' })
      expect(await warnings(SESSION, {}, 'start', 'unit')).toEqual([MANAGER_ENDS])
      expect(await warnings(SESSION, { '/var/lib/systemd/linger/root': '' }, 'start', 'unit')).toEqual([])
    } finally {
      await pool.spmi('kill', 'unit')
      await manager.stop()
    }
  })
})
