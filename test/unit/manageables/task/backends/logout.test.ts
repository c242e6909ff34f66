import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { examineLingering, examineLogout } from '../../../../../src/manageables/task/backends/logout.ts'
import { killsProcesses } from '../../../../../src/system/login.ts'
import { LoginManager, UserManager } from '../../../../support/systemd.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'

const folder = useFolder()
const mayMount = UserManager.refuse() === undefined

describe('what a logout ends', () => {
  const settings = (text: string) => new Map(text.split(' ').map(pair => pair.split('=') as [string, string]))

  test('nothing, unless logind is told to', () => {
    expect(killsProcesses(settings('KillUserProcesses=no'), 'ann')).toBe(false)
    expect(killsProcesses(new Map(), 'ann')).toBe(false)
    expect(killsProcesses(settings('KillUserProcesses=yes'), 'ann')).toBe(true)
  })

  test('nothing of users who are excepted, and root is unless others are', () => {
    expect(killsProcesses(settings('KillUserProcesses=yes KillExcludeUsers=ann'), 'ann')).toBe(false)
    expect(killsProcesses(settings('KillUserProcesses=yes KillExcludeUsers='), 'root')).toBe(false)
    expect(killsProcesses(settings('KillUserProcesses=yes KillExcludeUsers=ann'), 'root')).toBe(true)
  })

  test('only those who are named, where some are', () => {
    expect(killsProcesses(settings('KillUserProcesses=yes KillOnlyUsers=bob'), 'ann')).toBe(false)
    expect(killsProcesses(settings('KillUserProcesses=yes KillOnlyUsers=bob'), 'bob')).toBe(true)
  })
})

describe('without logind', () => {
  test('nothing is ended', async () => {
    const [finding, ...others] = await examineLogout({ PATH: folder.path })
    expect(finding).toMatchObject({ level: 'ok', topic: 'logout' })
    expect(others).toEqual([])
  })

  test('what it says in another way is not taken for its absence', async () => {
    folder.write('loginctl', '#!/bin/sh\necho "Access denied" >&2; exit 1\n', 0o700)
    const environment = { PATH: folder.path }
    expect(await examineLogout(environment)).toEqual([
      expect.objectContaining({
        level: 'warning',
        what: 'whether logind ends tasks is unknown: Access denied',
      }),
    ])
    expect(await examineLingering(environment)).toMatchObject({
      level: 'warning',
      what: 'whether you linger is unknown: Access denied',
    })
  })

  test('all backends of a command ask once', async () => {
    folder.write('loginctl', `#!/bin/sh\necho KillUserProcesses=no; echo >>${folder.join('calls')}\n`, 0o700)
    const environment = { PATH: folder.path }
    const all = await Promise.all([examineLogout(environment), examineLogout(environment)])
    expect(all[0]).toBe(all[1] as never)
    expect(all[0]).toMatchObject([{ level: 'ok' }])
    expect(await Bun.file(folder.join('calls')).text()).toBe('\n')
  })
})

const withLogind = needs('a mount namespace of our own', mayMount, 'privilege')

describe('a real logind that ends processes', () => {
  const logind = new LoginManager()
  if (mayMount) beforeAll(() => logind.start('KillUserProcesses=yes\nKillExcludeUsers=nobody'))
  if (mayMount) afterAll(() => logind.stop())

  withLogind('is told of, with what mends it', async () => {
    expect(await examineLogout(logind.environment)).toEqual([
      {
        level: 'warning',
        topic: 'logout',
        what: 'logind ends the tasks with the login that started them (KillUserProcesses=yes)',
        mend: 'KillExcludeUsers=root in /etc/systemd/logind.conf, or the backend "systemd" with "loginctl enable-linger"',
      },
    ])
  })

  withLogind('a user who does not linger is told to', async () => {
    expect(await examineLingering(logind.environment)).toMatchObject({
      level: 'warning',
      mend: 'loginctl enable-linger',
    })
  })
})

describe('a real logind that leaves processes alone, and a user who lingers', () => {
  const logind = new LoginManager()
  if (mayMount) beforeAll(() => logind.start('KillUserProcesses=no', 'root'))
  if (mayMount) afterAll(() => logind.stop())

  withLogind('are all right', async () => {
    expect(await examineLogout(logind.environment)).toMatchObject([
      { level: 'ok', what: 'tasks outlive it: logind leaves them alone' },
    ])
    expect(await examineLingering(logind.environment)).toEqual({
      level: 'ok',
      topic: 'logout',
      what: 'tasks outlive it: the user lingers',
    })
  })
})
