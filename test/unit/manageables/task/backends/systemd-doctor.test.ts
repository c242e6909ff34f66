import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { SystemdBackend } from '../../../../../src/manageables/task/backends/systemd.ts'
import type { Environment } from '../../../../../src/system/exec.ts'
import { UserManager } from '../../../../support/systemd.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'

const folder = useFolder()
const mayMount = UserManager.refuse() === undefined
const withSystemd = needs('systemd-run', Bun.which('systemd-run') !== null)
const withManager = needs('a mount namespace of our own', mayMount, 'privilege')

const PATH = process.env.PATH ?? ''
const diagnose = (environment: Environment, uses: { manager: string }[] = []) =>
  new SystemdBackend('systemd', { PATH, ...environment }).diagnose(uses)

test('without the programs nothing else is asked, and the command that installs them is named', async () => {
  const [finding, ...others] = await diagnose({ PATH: folder.path })
  expect(finding).toMatchObject({ level: 'problem', topic: 'program', what: 'systemd-run is not installed' })
  expect(finding?.mend).toMatch(/^\w.* systemd$|"systemd"$/)
  expect(others).toEqual([])
})

describe('a user manager', () => {
  const manager = new UserManager()
  if (mayMount) beforeAll(() => manager.start())
  if (mayMount) afterAll(() => manager.stop())

  withManager('that answers is all right, and its version is told', async () => {
    const findings = await diagnose(manager.environment)
    expect(findings.map(({ topic }) => topic)).toEqual(['program', 'version', 'user manager', 'logout'])
    expect(findings.slice(0, 3).map(({ level }) => level)).toEqual(['ok', 'ok', 'ok'])
    expect(findings[2]?.what).toMatch(/^answers, version \d+/)
  })

  withSystemd('that is not there is a problem, with what to do', async () => {
    const finding = (await diagnose({ XDG_RUNTIME_DIR: folder.path })).at(-1)
    expect(finding).toMatchObject({
      level: 'problem',
      topic: 'user manager',
      what: expect.stringMatching(/^does not answer: Failed to connect to bus/),
      mend: expect.stringContaining('loginctl enable-linger'),
    })
  })

  withManager('is not asked when tasks use that of the system alone', async () => {
    const topics = async (...managers: string[]) =>
      (
        await diagnose(
          manager.environment,
          managers.map(name => ({ manager: name })),
        )
      )
        .map(({ topic }) => topic)
        .filter(topic => topic.endsWith('manager'))
    expect(await topics('system', 'system')).toEqual(['system manager'])
    expect(await topics('system', 'user')).toEqual(['system manager', 'user manager'])
  })
})

describe('the version', () => {
  const fake = (version: string) => {
    folder.write('systemd-run', '#!/bin/sh\n', 0o700)
    const shown = `case $* in --version) echo "systemd ${version} (${version}-1)" ;; *show*) echo "${version}-1" ;; esac`
    folder.write('systemctl', `#!/bin/sh\n${shown}\n`, 0o700)
    return diagnose({ PATH: folder.path })
  }

  test('250 is enough, and whether it is one that SPMI is tested with is told', async () => {
    expect((await fake('252')).slice(1, 3)).toMatchObject([
      { level: 'ok', what: '252' },
      { level: 'ok', what: 'answers, version 252' },
    ])
    expect((await fake('250')).slice(1, 3)).toMatchObject([
      { level: 'ok', what: '250 (SPMI is tested with 252)' },
      { level: 'ok', what: 'answers, version 250 (SPMI is tested with 252)' },
    ])
  })

  test('249 does not know ExitType=cgroup', async () => {
    const findings = await fake('249')
    for (const topic of ['version', 'user manager'])
      expect(findings).toContainEqual({
        level: 'problem',
        topic,
        what: '249; it does not know ExitType=cgroup (systemd.service(5))',
        mend: 'install version 250 or newer',
      })
  })
})
