import { describe, expect, test } from 'bun:test'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStat } from '../../../../../src/system/process.ts'
import { until } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'
import { SHELLS } from '../../../shells.ts'
import { canMount, runOnSmallDisk, useRuns } from './wrapper-run.ts'

const folder = useFolder()
const runs = useRuns(folder)
const onTerminal = { isOnTerminal: true }

const COUNTER = `perl '${join(import.meta.dir, '../../../../fixtures/count-signals.pl')}'`
const hasPerl = spawnSync('perl', ['-v']).status === 0

for (const { name: shell, argv, isThere } of SHELLS) {
  const under = needs(shell, isThere)

  describe(`under ${shell}`, () => {
    under('exit codes and deaths by signals are recorded, and are the status of the wrapper', async () => {
      const cases = [
        ...[0, 1, 127, 129, 255].map(code => [`exit ${code}`, code] as const),
        ...[1, 2, 9, 11, 15].map(signal => [`ulimit -c 0; kill -${signal} $$`, 128 + signal] as const),
      ]
      for (const [command, code] of cases) {
        const run = (await runs.prepare({ command }, onTerminal)).start(argv)
        expect([command, await run.end(), run.journal.exited?.code]).toEqual([command, code, code])
        expect(run.journal.ended).toBeDefined()
      }
    })

    under('the command leads the session of the terminal that the journal names', async () => {
      const command = 'tty; stty size; echo error >&2; read -r _'
      const run = (await runs.prepare({ command, rows: 33, columns: 99 }, onTerminal)).start(argv)
      const { spawned } = await run.untilJournal(journal => journal.spawned)
      const pid = spawned?.command.pid ?? 0
      await until(() => run.read('stdout').includes('error'))
      expect(readStat(pid)).toMatchObject({ group: pid, session: pid })
      expect(run.read('stdout')).toBe(`${spawned?.terminal}\r\n33 99\r\nerror\r\n`)
      expect(existsSync(run.file('stderr'))).toBe(false)
      run.type('x\n')
      expect(await run.end()).toBe(0)
      expect(run.read('stdout')).toEndWith('error\r\nx\r\n') // what is typed is shown
    })

    under('the files and variables of the wrapper do not reach the command', async () => {
      const command =
        'ls /proc/self/fd | grep -c "^[4-9]"; env | grep -c _spmi_; echo "${SHELL-none} $SPMI_RUN"'
      const run = (await runs.prepare({ command }, onTerminal)).start(argv)
      await run.end()
      expect(run.read('stdout')).toBe(`0\r\n0\r\nnone ${run.name}\r\n`)
    })

    needs(`${shell} or perl`, isThere && hasPerl)(
      'each signal is passed on exactly once; the end of the session is that of its terminal',
      async () => {
        const run = (await runs.prepare({ command: `stty -echo; exec ${COUNTER}` }, onTerminal)).start(argv)
        await until(() => run.read('stdout').includes('ready'))
        const expected: string[] = []
        for (const signal of ['TERM', 'INT', 'QUIT', 'USR1', 'USR2', 'HUP', 'TERM'] as const) {
          await run.signal(`SIG${signal}`)
          expected.push(signal)
          await until(() => run.journal.signalled.length === expected.length)
          await until(() => run.read('stdout').split('\n').length === expected.length + 2)
        }
        run.type('end\n')
        expect(await run.end()).toBe(0)
        expect(run.read('stdout').split('\r\n')).toEqual(['ready', ...expected, ''])
      },
    )

    under('a signal at any moment of the start is not lost', async () => {
      for (let round = 0; round < 8; round++) {
        const run = (await runs.prepare({ command: 'exec sleep 60' }, onTerminal)).start(argv)
        await until(() => existsSync(run.file('stdout'))) // made after the signals are taken care of
        await Bun.sleep(round)
        run.signalNow('SIGTERM')
        expect([round, await run.end(), run.journal.exited?.code]).toEqual([round, 143, 143])
      }
    })

    under('^D is the end of the input, ^C a signal to the command', async () => {
      const reader = (await runs.prepare({ command: 'cat; echo end' }, onTerminal)).start(argv)
      const looper = (
        await runs.prepare({ command: "trap 'echo INT; exit 3' INT; echo ready; cat" }, onTerminal)
      ).start(argv)
      await reader.untilJournal(journal => journal.spawned)
      reader.type('line\n\x04')
      expect(await reader.end()).toBe(0)
      expect(reader.read('stdout')).toBe('line\r\nline\r\nend\r\n')
      await until(() => looper.read('stdout').includes('ready'))
      looper.type('\x03')
      expect(await looper.end()).toBe(3)
      expect(looper.read('stdout')).toContain('INT\r\n')
    })

    under('a terminal that cannot be had is a refusal with its reason', async () => {
      const run = await runs.prepare({ command: 'echo ran' }, onTerminal)
      const fake = folder.write('no-script', '#!/bin/sh\necho no terminals left >&2\nexit 1\n', 0o700)
      const script = run.read('run.sh').replace(/^_spmi_terminal=.*$/m, `_spmi_terminal='${fake}'`)
      writeFileSync(run.file('run.sh'), script)
      expect(await run.start(argv).end()).toBe(74)
      expect(run.journal.refused?.reason).toBe('script(1) gives it no terminal; why stands in stdout')
      expect([run.journal.spawned, run.read('stdout')]).toEqual([undefined, 'no terminals left\n'])
    })

    under('on the terminal of a session manager it is shown and typed on, in its size', async () => {
      const command = 'stty -echo; stty size; while read -r line; do echo "got $line"; stty size; done'
      const run = await runs.prepare({ command, rows: 10, columns: 20 }, onTerminal)
      const words = argv.map(word => `'${word}'`).join(' ')
      const inside = `stty rows 41 cols 121; stty -a >before; ${words} '${run.file('run.sh')}'; stty -a >after`
      const outer = spawn('script', ['-qec', inside, '/dev/null'], {
        cwd: folder.path,
        env: { PATH: process.env.PATH, SHELL: '/bin/sh' },
      })
      let shown = ''
      outer.stdout.setEncoding('utf8').on('data', text => {
        shown += text
      })
      await until(() => /\d+ \d+\r\n/.test(shown))
      const { spawned } = run.journal
      await until(
        () => spawnSync('stty', ['-F', spawned?.terminal ?? '', 'size']).stdout.toString() === '41 121\n',
      )
      outer.stdin.write('one\r')
      await until(() => shown.includes('got one\r\n41 121\r\n'))
      outer.stdin.write('\x04')
      await once(outer, 'close')
      const [before, after] = ['before', 'after'].map(name => Bun.file(folder.join(name)).text())
      expect(await after).toBe((await before) ?? '')
      expect(run.journal).toMatchObject({ exited: { code: 0 }, ended: {} })
    })

    needs(
      `${shell}, or a mount namespace`,
      isThere && canMount,
      'privilege',
    )('a full disk loses output, but neither the command nor its end', async () => {
      const command = 'head -c 300000 /dev/zero; exit 7'
      const run = await runs.prepare({ command, cwd: folder.path }, onTerminal)
      const { stderr, isFull, journal } = runOnSmallDisk(folder, run, argv)
      expect([stderr, isFull]).toEqual(['', true])
      expect(journal).toMatchObject({ exited: { code: 7 }, ended: {} })
    })
  })
}

test('the shells that are tested are there', () => {
  expect(SHELLS.some(({ isThere }) => isThere)).toBe(true)
})
