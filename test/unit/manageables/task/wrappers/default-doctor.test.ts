import { describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { DefaultWrapper } from '../../../../../src/manageables/task/wrappers/default.ts'
import { examineDefault } from '../../../../../src/manageables/task/wrappers/default-doctor.ts'
import type { DefaultOptions } from '../../../../../src/manageables/task/wrappers/default-schema.ts'
import type { Launcher } from '../../../../../src/manageables/task/wrappers/launcher.ts'
import { PoolStore } from '../../../../../src/store/pool-store.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'

const folder = useFolder()
const PATH = process.env.PATH ?? ''

function makePool(): PoolStore {
  mkdirSync(folder.join('pool'), { mode: 0o700 })
  return PoolStore.at(folder.join('pool'), '/')
}

test('on a machine that has all, all is well', async () => {
  const findings = await new DefaultWrapper('default').diagnose([], {
    environment: { PATH },
    store: makePool(),
  })
  expect(findings.map(({ level, topic }) => [level, topic])).toEqual([
    ['ok', 'shell'],
    ['ok', 'programs'],
    ['ok', 'signals'],
    ['ok', 'input'],
  ])
})

needs('prlimit', Bun.which('prlimit') !== null)('where no process can be marked, that is warned of', () => {
  const module = new URL('../../../../../src/manageables/task/wrappers/default.ts', import.meta.url).pathname
  const script = `const { DefaultWrapper } = await import('${module}')
    const context = { environment: { PATH: '${PATH}' }, store: undefined }
    console.log(JSON.stringify(await new DefaultWrapper('default').diagnose([], context)))`
  const { stdout } = Bun.spawnSync(['prlimit', '--locks=1000:1000', process.execPath, '-e', script])
  const findings = JSON.parse(stdout.toString()) as { level: string; topic: string }[]
  expect(findings.filter(({ level }) => level !== 'ok')).toMatchObject([{ level: 'warning', topic: 'shell' }])
})

describe('what gives a command its signals', () => {
  const launcher = (...resetSignals: readonly string[]) => ({
    setsid: '/usr/bin/setsid',
    env: undefined,
    resetSignals,
    script: undefined,
  })
  const examine = async (findLauncher: () => Promise<Launcher>) =>
    (await examineDefault(findLauncher, [], { environment: { PATH }, store: undefined })).find(
      ({ topic }) => topic === 'signals',
    )

  test('is named', async () => {
    expect(await examine(async () => launcher('/usr/bin/perl', '-e', 'x'))).toMatchObject({
      level: 'ok',
      what: '/usr/bin/setsid, /usr/bin/perl',
    })
  })

  test('that is missing is warned of, because it works without', async () => {
    expect(await examine(async () => launcher())).toMatchObject({
      level: 'warning',
      mend: expect.stringContaining('coreutils'),
    })
  })

  test('cannot be without setsid', async () => {
    const { SpmiError } = await import('../../../../../src/errors.ts')
    const refuse = async () => {
      throw new SpmiError('start-failed', 'the program "setsid" is missing', { hint: 'install util-linux' })
    }
    expect(await examine(refuse)).toMatchObject({
      level: 'problem',
      what: 'the program "setsid" is missing',
      mend: expect.stringMatching(/util-linux"?$/),
    })
  })
})

describe('a pool without FIFOs', () => {
  /** What is found where mkfifo fails, for tasks with these inputs. */
  const examine = async (...inputs: string[]) => {
    folder.write('mkfifo', '#!/bin/sh\necho "no FIFOs here" >&2; exit 1\n', 0o700)
    const environment = { PATH: `${folder.path}:${PATH}` }
    const uses = inputs.map(stdin => ({ stdin }) as DefaultOptions)
    const findings = await new DefaultWrapper('default').diagnose(uses, { environment, store: makePool() })
    return findings.find(({ topic }) => topic === 'input')
  }

  test('is a problem for tasks that want one, as they do by default', async () => {
    const expected = {
      level: 'problem',
      what: 'no FIFO can be made in the pool: no FIFOs here',
      mend: 'stdin = "null" in the descriptor',
    } as const
    expect(await examine('null', 'fifo')).toMatchObject(expected)
  })

  test('is a problem where no task is loaded', async () => {
    expect(await examine()).toMatchObject({ level: 'problem' })
  })

  test('is none for tasks that want none', async () => {
    expect(await examine('null', '/dev/zero')).toMatchObject({ level: 'warning' })
  })
})

test('a pool that must not be read is not tried', async () => {
  const findings = await new DefaultWrapper('default').diagnose([], {
    environment: { PATH },
    store: undefined,
  })
  expect(findings.map(({ topic }) => topic)).not.toContain('input')
})
