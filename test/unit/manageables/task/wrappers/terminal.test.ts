import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import * as v from 'valibot'
import { TerminalWrapper } from '../../../../../src/manageables/task/wrappers/terminal.ts'
import { findProgram } from '../../../../../src/system/exec.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'
import { SHELLS } from '../../../shells.ts'
import { compile, type Start, type Task } from './wrapper-run.ts'

const folder = useFolder()
const PATH = process.env.PATH ?? ''
const withShellcheck = needs('shellcheck', findProgram('shellcheck', PATH) !== undefined)

const compileTerminal = (task: Partial<Task> = {}, start: Start = {}) =>
  compile('/r', { command: 'true', ...task }, { ...start, isOnTerminal: true })

describe('what a task on a terminal is compiled into', () => {
  withShellcheck('run.sh passes shellcheck', async () => {
    const { script } = await compileTerminal({ command: `it's\n"quoted"` })
    const argv = ['--severity=style', folder.write('run.sh', script)]
    const { stdout, status } = spawnSync('shellcheck', argv, { encoding: 'utf8' })
    expect([stdout, status]).toEqual(['', 0])
  })

  test('run.sh is accepted by every shell', async () => {
    const { script } = await compileTerminal()
    for (const { argv, isThere } of SHELLS) {
      if (!isThere) continue
      const [file = '', ...options] = argv
      expect(spawnSync(file, [...options, '-n', folder.write('run.sh', script)]).status).toBe(0)
    }
  })

  test('has a FIFO, and a terminal of the size that the descriptor says', async () => {
    const { script, needsFifo } = await compileTerminal({ columns: 132, rows: 50 })
    expect([needsFifo, script.includes("\n_spmi_modes='rows 50 cols 132 echo -iutf8'\n")]).toEqual([
      true,
      true,
    ])
  })

  test('the terminal erases whole characters where they are encoded as UTF-8', async () => {
    const modes = async (environment: Record<string, string>, env: Record<string, string> = {}) =>
      / echo (-?iutf8)'/.exec(
        (await compileTerminal({ env }, { environment: { PATH, ...environment } })).script,
      )?.[1]
    expect(await modes({ LANG: 'en_GB.UTF-8' })).toBe('iutf8')
    expect(await modes({ LANG: 'C.utf8' })).toBe('iutf8')
    expect(await modes({ LANG: 'C.UTF-8', LC_ALL: 'C' })).toBe('-iutf8')
    expect(await modes({ LANG: 'C' }, { LC_CTYPE: 'C.UTF-8' })).toBe('iutf8')
  })

  test('the type of the terminal is that of the session, of the start, or one that most understand', async () => {
    const type = async (start: Start, env: Record<string, string> = {}) => {
      const { environment } = await compileTerminal(
        { env },
        { ...start, environment: { PATH, ...start.environment } },
      )
      return spawnSync('sh', ['-c', '. "$1"; printf %s "$TERM"', 'sh', folder.write('env', environment)], {
        encoding: 'utf8',
        env: { PATH },
      }).stdout
    }
    expect(await type({ environment: { TERM: 'vt100' }, terminalType: 'screen-256color' })).toBe(
      'screen-256color',
    )
    expect(await type({ environment: { TERM: 'vt100' } })).toBe('vt100')
    for (const TERM of ['', 'dumb', 'unknown'])
      expect(await type({ environment: { TERM } })).toBe('xterm-256color')
    expect(await type({})).toBe('xterm-256color')
    expect(await type({ terminalType: 'screen-256color' }, { TERM: 'vt52' })).toBe('vt52')
  })

  test('what describes the terminal of the start does not reach the command, unless the descriptor says it', async () => {
    const environment = { PATH, COLUMNS: '1', LINES: '2', TERMCAP: 'x' }
    const { environment: text } = await compileTerminal({ env: { LINES: '7' } }, { environment })
    const program = '. "$1"; echo "${COLUMNS-none} ${LINES-none} ${TERMCAP-none}"'
    const { stdout } = spawnSync('sh', ['-c', program, 'sh', folder.write('env', text)], {
      encoding: 'utf8',
      env: { PATH },
    })
    expect(stdout).toBe('none 7 none\n')
  })
})

describe('the keys of a terminal', () => {
  const parse = async (table: object) =>
    v.safeParse(v.strictObject(await TerminalWrapper.loadEntries()), { command: 'true', ...table })

  test('have defaults that suit it', async () => {
    expect((await parse({})).output).toMatchObject({
      mixed_stdout: true,
      stop_signal: ['SIGINT', 'SIGTERM', 'SIGHUP'],
      columns: 80,
      rows: 24,
    })
  })

  test('are refused where a terminal cannot do that', async () => {
    for (const table of [
      { mixed_stdout: false },
      { stdin: 'null' },
      { columns: 0 },
      { rows: 65_536 },
      { rows: 1.5 },
    ])
      expect([table, (await parse(table)).success]).toEqual([table, false])
    expect((await parse({ mixed_stdout: true, rows: 1, columns: 65_535 })).success).toBe(true)
  })

  test('what is typed comes from the FIFO', () => {
    const raw = { command: 'true', cwd: '.', env_file: [] }
    const place = { folder: '/jobs', home: '/h' }
    expect(new TerminalWrapper('terminal').normalise(raw, place)).toMatchObject({
      cwd: '/jobs',
      stdin: 'fifo',
    })
  })
})
