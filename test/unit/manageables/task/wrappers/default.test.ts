import { afterEach, describe, expect, setSystemTime, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { DefaultWrapper } from '../../../../../src/manageables/task/wrappers/default.ts'
import { findProgram } from '../../../../../src/system/exec.ts'
import { sleep } from '../../../../../src/system/sleep.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'
import { refusal } from '../../../refusal.ts'
import { SHELLS } from '../../../shells.ts'
import { compile } from './wrapper-run.ts'

const folder = useFolder()
const wrapper = new DefaultWrapper('default')
const PATH = process.env.PATH ?? ''

afterEach(() => {
  setSystemTime()
})

/** The last line of the header: the argv that is run. */
function argvOf(script: string): string | undefined {
  return script.split('\n').find(line => line.startsWith('set -- '))
}

/** The variables that an env file exports under a shell. */
function variablesUnder(
  argv: readonly string[],
  text: string,
  before: NodeJS.ProcessEnv = {},
  isQuiet = true,
) {
  const path = folder.write('env', text)
  const [file = '', ...options] = argv
  const env = findProgram('env', '/usr/bin:/bin') ?? ''
  const { stdout, stderr } = spawnSync(file, [...options, '-c', '. "$1"; exec "$2" -0', 'sh', path, env], {
    env: before,
    encoding: 'utf8',
  })
  if (isQuiet) expect(stderr).toBe('')
  const lines = stdout.split('\0').filter(line => line !== '')
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

describe('what a task is compiled into', () => {
  const withShellcheck = needs('shellcheck', findProgram('shellcheck', PATH) !== undefined)

  withShellcheck('run.sh passes shellcheck', async () => {
    for (const task of [
      { command: 'true' },
      { command: `it's\n"quoted"`, mixed_stdout: true, stdin: 'null' },
    ]) {
      const { script } = await compile(folder.join("it's here"), task)
      const { stdout, status } = spawnSync(
        'shellcheck',
        ['--severity=style', folder.write('run.sh', script)],
        {
          encoding: 'utf8',
        },
      )
      expect([stdout, status]).toEqual(['', 0])
    }
  })

  test('run.sh is accepted by every shell', async () => {
    const { script } = await compile(folder.path, { command: 'true' })
    for (const { argv, isThere } of SHELLS) {
      if (!isThere) continue
      const [file = '', ...options] = argv
      const { status } = spawnSync(file, [...options, '-n', folder.write('run.sh', script)])
      expect([file, status]).toEqual([file, 0])
    }
  })

  test('says readably what runs', async () => {
    const { script, needsFifo } = await compile('/pool/a/runs/1', {
      command: 'echo "$HOME"',
      cwd: folder.path,
    })
    expect(script).toStartWith('#!/bin/sh\n')
    expect(script).toContain("\n_spmi_dir='/pool/a/runs/1'\n")
    expect(script).toContain(`\n_spmi_cwd='${folder.path}'\n`)
    expect(script).toContain("\n_spmi_umask='0022'\n")
    expect(script).toContain("\n_spmi_stdin='/pool/a/runs/1/stdin'\n")
    expect(argvOf(script)).toEndWith(` 'sh' '-c' 'echo "$HOME"'`)
    expect(needsFifo).toBe(true)
  })

  test('a later run of the same program goes by the clock as it is by then', async () => {
    const environment = {}
    const zero = async () => {
      const { script } = await compile('/r', { command: 'true' }, { environment })
      return Number(/^_spmi_zero='(\d+)'$/m.exec(script)?.[1])
    }
    const before = await zero()
    await sleep(1100) // as long as the moment of the boot may be remembered
    setSystemTime(Date.now() + 3_600_000)
    expect(Math.abs((await zero()) - before - 3_600_000)).toBeLessThan(1000)
  })

  test('the input is a FIFO, nothing, or a file', async () => {
    for (const [stdin, path] of [
      ['null', '/dev/null'],
      ['/data/in', '/data/in'],
    ] as const) {
      const { script, needsFifo } = await compile('/r', { command: 'true', stdin })
      expect([script.includes(`\n_spmi_stdin='${path}'\n`), needsFifo]).toEqual([true, false])
    }
  })

  test('the command is the last argument of the shell, and is never taken for an option', async () => {
    const argv = async (command: string, shell: readonly string[]) =>
      argvOf((await compile('/r', { command, shell })).script)
    expect(await argv('module load x', ['bash', '-lc'])).toEndWith(" 'bash' '-lc' 'module load x'")
    expect(await argv('-x', ['sh', '-c'])).toEndWith(" 'sh' '-c' ' -x'")
    expect(await argv('+x', ['sh', '-c'])).toEndWith(" 'sh' '-c' ' +x'")
  })

  test('no secret of the environment stands in run.sh', async () => {
    const { script, environment } = await compile(
      '/r',
      { command: 'true' },
      { environment: { PATH, TOKEN: 's3cret' } },
    )
    expect([script.includes('s3cret'), environment.includes('s3cret')]).toEqual([false, true])
  })

  test('a folder that is not there is said before anything is started', async () => {
    const gone = folder.join('gone')
    const { code, message } = await refusal(() => compile('/r', { command: 'true', cwd: gone }))
    expect([code, message]).toEqual([
      'start-failed',
      `the folder "${gone}" does not exist; make it, or change cwd in the descriptor`,
    ])
    folder.write('file', '')
    expect((await refusal(() => compile('/r', { command: 'true', cwd: folder.join('file') }))).code).toBe(
      'start-failed',
    )
  })

  test('an env_file that cannot be read is said before anything is started', async () => {
    mkdirSync(folder.join('dir'))
    const wrong = async (path: string) => {
      const { code, message } = await refusal(() => compile('/r', { command: 'true', env_file: [path] }))
      expect(code).toBe('start-failed')
      return message
    }
    expect(await wrong(folder.join('gone'))).toBe(`env_file "${folder.join('gone')}" does not exist`)
    expect(await wrong(folder.join('dir'))).toStartWith(`env_file "${folder.join('dir')}" cannot be read: `)
    folder.write('huge', 'x'.repeat((1 << 20) + 1))
    expect(await wrong(folder.join('huge'))).toContain('cannot be read: ')
  })
})

describe('the environment of the command', () => {
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'\'"\\`$(){}=;&|<>*?~# \t\n\r!a\x01\x7fé日') }),
    fc.string({ unit: 'grapheme' }),
  )
  const text = value.filter(candidate => !candidate.includes('\0') && candidate.isWellFormed())
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).map(candidate => `x${candidate}`)

  for (const { name: shell, argv, isThere } of SHELLS)
    needs(shell, isThere)(
      `${shell} reads back exactly the variables of the start and the descriptor`,
      async () => {
        const table = fc.dictionary(name, text, { minKeys: 20, maxKeys: 60, noNullPrototype: true })
        await fc.assert(
          fc.asyncProperty(table, table, async (environment, env) => {
            const { environment: file } = await compile(
              '/r',
              { command: 'true', env },
              { environment: { PATH, ...environment } },
              'spmi-a-1',
            )
            const { PWD: _, SHLVL: __, _: ___, ...found } = variablesUnder(argv, file)
            expect(found).toEqual({ PATH, ...environment, ...env, SPMI_RUN: 'spmi-a-1' })
          }),
          { numRuns: 15 },
        )
      },
    )

  for (const { name: shell, argv, isThere } of SHELLS)
    needs(shell, isThere)(`${shell} is not brought to a stop by variables of its own`, async () => {
      const names = [
        'IFS',
        'PATH',
        'PS1',
        'PS4',
        'OPTIND',
        'OPTARG',
        'LINENO',
        'RANDOM',
        'SECONDS',
        'UID',
        'EUID',
        'PPID',
      ]
      names.push(
        'PWD',
        'OLDPWD',
        '_',
        'SHELLOPTS',
        'BASHOPTS',
        'BASH_VERSINFO',
        'BASH_ENV',
        'ENV',
        'GROUPS',
        'DIRSTACK',
      )
      names.push('HISTSIZE', 'MAILCHECK', 'TMOUT', 'FUNCNAME', 'LC_ALL', 'LANG', 'POSIXLY_CORRECT', 'BASHPID')
      const environment = Object.fromEntries(names.map(each => [each, 'it is not a number']))
      const { environment: file } = await compile(
        '/r',
        { command: 'true', env: { LAST: 'read' } },
        { environment },
      )
      expect(variablesUnder(argv, file, {}, false)).toMatchObject({ LAST: 'read', SPMI_RUN: 'spmi-a' })
    })

  test('leaves out what no shell can export', async () => {
    const environment = {
      'A B': '1',
      'a-b': '1',
      'BASH_FUNC_f%%': '() { :; }',
      '1A': '1',
      '': '1',
      'A\nB': '1',
      OK: '1',
    }
    const { environment: text } = await compile('/r', { command: 'true' }, { environment })
    expect(text).toBe("export OK='1'\nexport SPMI_RUN='spmi-a'\n")
  })

  test('descriptor over files, later files over earlier ones, all over the start; the run is always named', async () => {
    folder.write('one', 'A=file1\nB=file1\nC=file1\nexport E="quoted $X"\n# comment\n')
    folder.write('two', 'B=file2\nC=file2\n')
    const { environment } = await compile(
      '/r',
      { command: 'true', env: { C: 'own' }, env_file: [folder.join('one'), folder.join('two')] },
      { environment: { A: 'start', B: 'start', D: 'start', SPMI_RUN: '' } },
    )
    const [shell] = SHELLS.filter(({ isThere }) => isThere)
    const { A, B, C, D, E, SPMI_RUN } = variablesUnder(shell?.argv ?? [], environment)
    expect({ A, B, C, D, E, SPMI_RUN }).toEqual({
      A: 'file1',
      B: 'file2',
      C: 'own',
      D: 'start',
      E: 'quoted $X',
      SPMI_RUN: 'spmi-a',
    })
  })

  test('what the backend sets is taken off, unless the start had it itself', async () => {
    const { environment } = await compile(
      '/r',
      { command: 'true' },
      { environment: { PATH, TERM: 'mine' }, leaked: ['STY', 'WINDOW', 'TERM'] },
    )
    const [shell] = SHELLS.filter(({ isThere }) => isThere)
    const found = variablesUnder(shell?.argv ?? [], environment, { STY: '1.x', WINDOW: '0', TERM: 'screen' })
    expect([found['STY'], found['WINDOW'], found['TERM']]).toEqual([undefined, undefined, 'mine'])
  })
})

describe('the rest of what a wrapper does', () => {
  const options = { command: 'cal', stop_signal: ['SIGHUP'], stop_timeout: 1.5 }

  test('shows the command as it stands in the descriptor', () => {
    expect(wrapper.describeCommand({ ...options, command: '-x\ny' })).toBe('-x\ny')
  })

  test('plans a stop in milliseconds', () => {
    expect(wrapper.planStop(options)).toEqual({ signals: ['SIGHUP'], timeout: 1500 })
  })

  test('makes paths independent of where the descriptor lies, and leaves keywords alone', () => {
    const place = { folder: '/etc/jobs', home: '/home/somebody' }
    const raw = { command: 'true', cwd: '.', env_file: ['a', '~/b'], stdin: 'in' }
    expect(wrapper.normalise(raw, place)).toEqual({
      command: 'true',
      cwd: '/etc/jobs',
      env_file: ['/etc/jobs/a', '/home/somebody/b'],
      stdin: '/etc/jobs/in',
    })
    for (const stdin of ['fifo', 'null'])
      expect(wrapper.normalise({ ...raw, stdin }, place)['stdin']).toBe(stdin)
    expect(wrapper.normalise({ ...raw, stdin: './null' }, place)['stdin']).toBe('/etc/jobs/null')
  })
})
