import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { MAX_NAME } from '../../../../../src/manageables/task/backends/backend.ts'
import { ScreenBackend } from '../../../../../src/manageables/task/backends/screen.ts'
import type { Environment } from '../../../../../src/system/exec.ts'
import { runProgram, until } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'

const folder = useFolder()
const withScreen = needs('GNU Screen', Bun.which('screen') !== null)
const withRoot = needs('root', process.getuid?.() === 0, 'privilege')

const PATH = process.env.PATH ?? ''
const diagnose = (environment: Environment) => new ScreenBackend('screen', environment).diagnose()
const findingOf = async (topic: string, environment: Environment) =>
  (await diagnose({ PATH, ...environment })).find(finding => finding.topic === topic)

test('without the program nothing else is asked, and the command that installs it is named', async () => {
  const [finding, ...others] = await diagnose({ PATH: folder.path })
  expect(finding).toMatchObject({ level: 'problem', topic: 'program', what: 'screen is not installed' })
  expect(finding?.mend).toMatch(/^\w.* screen$|"screen"$/)
  expect(others).toEqual([])
})

withScreen('the program and its version are named', async () => {
  const SCREENDIR = folder.join('sockets')
  expect(await findingOf('program', { SCREENDIR })).toMatchObject({ level: 'ok', what: Bun.which('screen') })
  expect(await findingOf('version', { SCREENDIR })).toMatchObject({
    level: 'ok',
    what: expect.stringMatching(/^\d+\.\d/),
  })
})

describe('the folder of the sockets', () => {
  const examine = (SCREENDIR: string) => findingOf('socket folder', { SCREENDIR })

  withScreen('is asked for at Screen itself, and used as it is', async () => {
    const path = folder.join('sockets')
    mkdirSync(path, { mode: 0o700 })
    expect(await examine(path)).toEqual({ level: 'ok', topic: 'socket folder', what: path })
  })

  withScreen('that is not there yet is not made', async () => {
    const path = folder.join('sockets')
    expect(await examine(path)).toMatchObject({ level: 'ok', what: `${path} (made by the first session)` })
    expect(existsSync(path)).toBe(false)
  })

  withScreen('must be where Screen may make it', async () => {
    expect(await examine('/nonexistent/sockets')).toMatchObject({
      level: 'problem',
      mend: expect.stringContaining('SCREENDIR'),
    })
  })

  withScreen('must have mode 700, as Screen says too', async () => {
    const path = folder.join('sockets')
    mkdirSync(path)
    chmodSync(path, 0o755)
    expect(await examine(path)).toMatchObject({ level: 'problem', mend: `chmod 700 ${path}` })
    const { stdout } = await runProgram(['screen', '-ls'], { environment: { PATH, SCREENDIR: path } })
    expect(stdout).toContain('must have mode 700')
  })

  withRoot('must be ours', async () => {
    const path = folder.join('sockets')
    mkdirSync(path, { mode: 0o700 })
    chownSync(path, 1, 1)
    expect(await examine(path)).toMatchObject({ level: 'problem', what: `"${path}" belongs to another user` })
  })

  withScreen('says what Screen says, where Screen refuses what looks right', async () => {
    folder.write('screen', '#!/bin/sh\ncase $1 in -ls) echo "Out of luck."; exit 1 ;; esac\n', 0o700)
    const path = folder.join('sockets')
    mkdirSync(path, { mode: 0o700 })
    const environment = { PATH: `${folder.path}:${PATH}`, SCREENDIR: path }
    expect(await findingOf('socket folder', environment)).toMatchObject({
      level: 'problem',
      what: `"${path}" cannot be used: Out of luck.`,
    })
  })

  /** A folder whose path has this length. */
  const makeLong = (length: number) => {
    const path = `${folder.path}/${'x'.repeat(length - folder.path.length - 1)}`
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  const LONGEST = 107 - '/4194304.'.length - MAX_NAME

  withScreen('may be so long that the longest name still fits, and no longer', async () => {
    expect(await examine(makeLong(LONGEST))).toMatchObject({ level: 'ok' })
    expect(await examine(makeLong(LONGEST + 1))).toMatchObject({
      level: 'problem',
      what: expect.stringContaining(`longer than ${LONGEST} bytes`),
    })
  })

  withScreen(
    'holds a session with the longest name at the longest path, whose pid may have 7 digits',
    async () => {
      const path = makeLong(LONGEST)
      const name = 'n'.repeat(MAX_NAME)
      const environment = { PATH, SCREENDIR: path }
      await runProgram(['screen', '-c', '/dev/null', '-dmS', name, 'sleep', '60'], { environment })
      await until(() => readdirSync(path).length === 1)
      const [socket = ''] = readdirSync(path)
      expect(socket.replace(/^\d+\./, '')).toBe(name)
      sessions.push(Number.parseInt(socket, 10))
    },
  )
})

const sessions: number[] = []
afterEach(() => {
  for (const pid of sessions.splice(0)) process.kill(pid, 'SIGTERM')
})
