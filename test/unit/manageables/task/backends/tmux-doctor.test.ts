import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs'
import { TmuxBackend } from '../../../../../src/manageables/task/backends/tmux.ts'
import type { Environment } from '../../../../../src/system/exec.ts'
import { runProgram } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'

const folder = useFolder()
const withTmux = needs('tmux', Bun.which('tmux') !== null)
const withRoot = needs('root', process.getuid?.() === 0, 'privilege')

const PATH = process.env.PATH ?? ''
const name = `tmux-${process.getuid?.()}`
const diagnose = (environment: Environment) => new TmuxBackend('tmux', environment).diagnose()
const findingOf = async (topic: string, environment: Environment = {}) =>
  (await diagnose({ PATH, TMUX_TMPDIR: folder.path, ...environment })).find(
    finding => finding.topic === topic,
  )

test('without the program nothing else is asked, and the command that installs it is named', async () => {
  const [finding, ...others] = await diagnose({ PATH: folder.path })
  expect(finding).toMatchObject({ level: 'problem', topic: 'program', what: 'tmux is not installed' })
  expect(finding?.mend).toMatch(/^\w.* tmux$|"tmux"$/)
  expect(others).toEqual([])
})

withTmux('the program and its version are named', async () => {
  expect(await findingOf('program')).toMatchObject({ level: 'ok', what: Bun.which('tmux') })
  expect(await findingOf('version')).toMatchObject({ level: 'ok', what: expect.stringMatching(/^\d+\.\d/) })
})

describe('the folder of the sockets', () => {
  const make = (mode: number) => {
    mkdirSync(folder.join(name))
    chmodSync(folder.join(name), mode)
  }

  withTmux('that is not there yet is not made', async () => {
    expect(await findingOf('socket folder')).toMatchObject({
      level: 'ok',
      what: `${folder.join(name)} (made by the first session)`,
    })
    expect(readdirSync(folder.path)).toEqual([])
  })

  withTmux('is used as it is', async () => {
    make(0o700)
    expect(await findingOf('socket folder')).toMatchObject({ level: 'ok', what: folder.join(name) })
  })

  withTmux('must be closed to others, as tmux says too', async () => {
    make(0o755)
    expect(await findingOf('socket folder')).toMatchObject({
      level: 'problem',
      mend: `chmod 700 ${folder.join(name)}`,
    })
    const environment = { PATH, TMUX_TMPDIR: folder.path }
    const { stderr } = await runProgram(['tmux', '-L', 'spmi', 'list-sessions'], { environment })
    expect(stderr).toContain('unsafe permissions')
  })

  withRoot('must be ours', async () => {
    make(0o700)
    chownSync(folder.join(name), 1, 1)
    expect(await findingOf('socket folder')).toMatchObject({
      level: 'problem',
      what: `"${folder.join(name)}" belongs to another user`,
    })
  })

  withTmux('must not be too long for a socket, as tmux says too', async () => {
    const TMUX_TMPDIR = folder.join('x'.repeat(80))
    mkdirSync(TMUX_TMPDIR)
    expect(await findingOf('socket folder', { TMUX_TMPDIR })).toMatchObject({
      level: 'problem',
      what: expect.stringContaining('too long'),
    })
    const environment = { PATH, TMUX_TMPDIR }
    const { stderr } = await runProgram(['tmux', '-L', 'spmi', 'list-sessions'], { environment })
    expect(stderr).toContain('File name too long')
  })

  withTmux('is that of /tmp where TMUX_TMPDIR leads nowhere, as with tmux itself', async () => {
    const finding = await findingOf('socket folder', { TMUX_TMPDIR: '/nonexistent' })
    expect(finding?.what).toStartWith(`/tmp/${name}`)
  })
})

describe('our server', () => {
  const environment = () => ({ PATH, TMUX_TMPDIR: folder.path })
  afterEach(async () => {
    await runProgram(['tmux', '-L', 'spmi', 'kill-server'], { environment: environment() })
  })

  withTmux('that answers, or is not there, is not worth a line', async () => {
    expect(await findingOf('server')).toBeUndefined()
    const argv = ['tmux', '-L', 'spmi', '-f', '/dev/null', 'new-session', '-d', 'sleep 60']
    expect(await runProgram(argv, { environment: environment() })).toMatchObject({ status: 0 })
    expect(await findingOf('server')).toBeUndefined()
  })

  withTmux('that is too old for the program is told of', async () => {
    mkdirSync(folder.join(name), { mode: 0o700 })
    const words = 'protocol version mismatch (client 8, server 7)'
    const program = `#!/bin/sh\ncase $* in *list-sessions) echo "${words}" >&2; exit 1 ;; esac; echo tmux 3.4\n`
    mkdirSync(folder.join('bin'))
    folder.write('bin/tmux', program, 0o700)
    expect(await findingOf('server', { PATH: `${folder.join('bin')}:${PATH}` })).toEqual({
      level: 'problem',
      topic: 'server',
      what: `does not answer: ${words}`,
      mend: 'end its tasks, then: tmux -L spmi kill-server',
    })
  })
})
