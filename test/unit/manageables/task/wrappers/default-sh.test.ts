import { describe, expect, test } from 'bun:test'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ExactIdentity,
  identify,
  isAlive,
  readStat,
  thisHost,
  thisProcess,
} from '../../../../../src/system/process.ts'
import { until } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'
import { SHELLS } from '../../../shells.ts'
import { canMount, runOnSmallDisk, useRuns, type WrapperRun } from './wrapper-run.ts'

const folder = useFolder()
const runs = useRuns(folder)

const COUNTER = `perl '${join(import.meta.dir, '../../../../fixtures/count-signals.pl')}'`
const PATH = process.env.PATH ?? ''
const hasPerl = spawnSync('perl', ['-v']).status === 0
const ENVIRONMENT_PRINTER = {
  shell: ['perl', '-e'],
  command: 'print map { "$_=$ENV{$_}\\0" } sort keys %ENV',
}

const linesOf = (run: WrapperRun, file = 'stdout') => run.read(file).split('\n').slice(0, -1)

/** Runs some prepared runs two at a time. @returns the exit statuses of their wrappers, in order */
async function runAll(shell: readonly string[], all: readonly WrapperRun[]): Promise<number[]> {
  const statuses = await Promise.all(
    [0, 1].map(async half => {
      const scripts = all.filter((_, index) => index % 2 === half).map(run => run.file('run.sh'))
      const loop = `shell=$1; option=$2; shift 2; for script do "$shell" $option "$script" >/dev/null 2>&1; echo $?; done`
      const [file = '', option = ''] = shell
      const child = spawn('sh', ['-c', loop, 'sh', file, option, ...scripts], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      let text = ''
      child.stdout.on('data', chunk => {
        text += chunk
      })
      await once(child, 'close')
      return text.split('\n').slice(0, -1).map(Number)
    }),
  )
  return all.map((_, index) => statuses[index % 2]?.[index >> 1] ?? -1)
}

for (const { name: shell, argv, isThere } of SHELLS) {
  const under = needs(shell, isThere)
  const underWithPerl = needs(`${shell} or perl`, isThere && hasPerl)

  describe(`under ${shell}`, () => {
    under(
      'every exit code and every death by a signal is recorded, and is the status of the wrapper',
      async () => {
        const deaths = [1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 31, 34, 64]
        const cases = [
          ...Array.from({ length: 256 }, (_, code) => [`exit ${code}`, code] as const),
          ...deaths.map(signal => [`ulimit -c 0; kill -${signal} $$`, 128 + signal] as const),
        ]
        const prepared = await Promise.all(cases.map(([command]) => runs.prepare({ command, stdin: 'null' })))
        const statuses = await runAll(argv, prepared)
        const recorded = prepared.map(run => run.journal.exited?.code)
        expect(recorded).toEqual(cases.map(([, code]) => code))
        expect(statuses).toEqual(cases.map(([, code]) => code))
        expect(prepared.filter(run => run.journal.ended === undefined)).toEqual([])
      },
      30_000,
    )

    under('the journal tells the wrapper, the command, and when', async () => {
      const before = Date.now()
      const run = (await runs.prepare({ command: 'read -r _; exit 3' })).start(argv)
      const { claimed, spawned } = await run.untilJournal(journal => journal.spawned)
      const { start: began, ...wrapper } = identify(run.pid) as ExactIdentity
      expect(claimed?.wrapper).toMatchObject(wrapper)
      expect(claimed?.wrapper.seen).toBeGreaterThanOrEqual(began)
      expect([claimed?.name, claimed?.parent]).toEqual([run.name, process.pid])
      expect([claimed?.wrapper, spawned?.command].map(one => one !== undefined && isAlive(one))).toEqual([
        true,
        true,
      ])
      const command = spawned?.command.pid ?? 0
      await until(() => readStat(command)?.session === command)
      expect(readStat(command)).toMatchObject({ group: command, session: command, parent: run.pid })
      run.type('\n')
      expect(await run.end()).toBe(3)
      const { exited, ended, stayed } = run.journal
      const times = [before, claimed?.at, spawned?.at, exited?.at, ended?.at, Date.now()].map(at => at ?? 0)
      for (let at = 1; at < times.length; at++)
        expect(times[at]).toBeGreaterThanOrEqual((times[at - 1] ?? 0) - 20) // the uptime counts hundredths
      expect(stayed).toBeUndefined()
    })

    under('after a reboot, or on another machine, the time is that of the clock', async () => {
      const run = await runs.prepare({ command: 'true' })
      const script = run.read('run.sh').replace(/^_spmi_zero_boot=.*$/m, "_spmi_zero_boot='another'")
      writeFileSync(run.file('run.sh'), script)
      const before = Math.floor(Date.now() / 1000) * 1000
      await run.start(argv).end()
      expect(run.journal.ended?.at).toBeGreaterThanOrEqual(before)
      expect(run.journal.ended?.at).toBeLessThanOrEqual(Date.now())
    })

    under('a second wrapper on the same journal stops with 75 before its command', async () => {
      const run = await runs.prepare({ command: 'echo ran' })
      expect(await run.start(argv).end()).toBe(0)
      const journal = run.read('journal')
      expect(await run.start(argv).end()).toBe(75)
      expect([run.read('journal'), run.read('stdout')]).toEqual([journal, 'ran\n'])
    })

    under('of many wrappers at once one runs the command', async () => {
      const run = await runs.prepare({ command: 'echo ran' })
      const [file = '', ...options] = argv
      const wrappers = Array.from({ length: 10 }, () =>
        once(spawn(file, [...options, run.file('run.sh')], { stdio: 'ignore' }), 'exit'),
      )
      const statuses = (await Promise.all(wrappers)).map(([status]) => status as number)
      expect(statuses.sort()).toEqual([0, ...Array<number>(9).fill(75)])
      expect(run.read('stdout')).toBe('ran\n')
    })

    under('a run that was given up is not started', async () => {
      const run = await runs.prepare({ command: 'echo ran' })
      writeFileSync(run.file('journal'), 'void at=1 reason=too late\n')
      expect(await run.start(argv).end()).toBe(75)
      expect(run.journal.void?.reason).toBe('too late')
      expect(existsSync(run.file('stdout'))).toBe(false)
    })

    underWithPerl('each signal is passed on exactly once, and recorded', async () => {
      const run = (await runs.prepare({ command: `exec ${COUNTER}` })).start(argv)
      await until(() => run.read('stdout') === 'ready\n')
      const expected: string[] = []
      for (const signal of ['TERM', 'INT', 'QUIT', 'USR1', 'USR2', 'HUP', 'TERM', 'INT'] as const) {
        await run.signal(`SIG${signal}`)
        expected.push(signal === 'HUP' ? 'TERM' : signal) // a session that goes takes its task with it, gently
        await until(() => run.journal.signalled.length === expected.length)
        await until(() => linesOf(run).length === expected.length + 1)
      }
      run.type('end\n')
      expect(await run.end()).toBe(0)
      expect(linesOf(run)).toEqual(['ready', ...expected])
      expect(run.journal.signalled.map(({ signal }) => signal)).toEqual(expected.map(name => `SIG${name}`))
    })

    underWithPerl(
      'a signal that comes after the command reaches what the command has left behind',
      async () => {
        const run = (await runs.prepare({ command: `exec 3<&0; ${COUNTER} <&3 & exit 4` })).start(argv)
        await run.untilJournal(journal => journal.stayed)
        await until(() => run.read('stdout') === 'ready\n')
        await run.signal('SIGTERM')
        await until(() => run.journal.signalled.length === 1)
        await until(() => linesOf(run).length === 2)
        run.type('end\n')
        expect(await run.end()).toBe(4)
        expect(linesOf(run)).toEqual(['ready', 'TERM'])
        expect(run.journal).toMatchObject({ exited: { code: 4 }, ended: {} })
      },
    )

    under('a signal that comes before the command reaches it once it is there', async () => {
      const fake = '#!/bin/sh\nkill -s TERM $PPID\nexec /usr/bin/mkfifo "$@"\n'
      mkdirSync(folder.join('bin'))
      folder.write('bin/mkfifo', fake, 0o700)
      const run = await runs.prepare({ command: 'exec sleep 60' })
      run.start(argv, { PATH: `${folder.join('bin')}:${PATH}` })
      expect(await run.end()).toBe(143)
      const { spawned, signalled, exited } = run.journal
      expect(signalled.map(({ signal }) => signal)).toEqual(['SIGTERM'])
      expect([spawned !== undefined, exited?.code]).toEqual([true, 143])
    })

    under('a signal at any moment of the start is not lost', async () => {
      for (let round = 0; round < 12; round++) {
        const run = (await runs.prepare({ command: 'exec sleep 60' })).start(argv)
        const sign = round % 2 === 0 ? 'stdout' : 'stderr' // made after the signals are taken care of
        await until(() => existsSync(run.file(sign)) && spin(round * 100_000))
        run.signalNow('SIGTERM')
        expect([round, await run.end(), run.journal.exited?.code]).toEqual([round, 143, 143])
      }
    })

    underWithPerl('the end is recorded in place, however many signals came before', async () => {
      const run = (await runs.prepare({ command: `exec ${COUNTER} 5` })).start(argv)
      await until(() => run.read('stdout') === 'ready\n')
      const { size } = statSync(run.file('journal'))
      for (let count = 1; count <= 20; count++) {
        await run.signal('SIGUSR1')
        await until(() => linesOf(run).length === 1 + count)
      }
      run.type('end\n')
      expect(await run.end()).toBe(5)
      expect(run.journal).toMatchObject({ exited: { code: 5 }, ended: {} })
      expect(run.journal.signalled).toHaveLength(16)
      expect(statSync(run.file('journal')).size).toBe(size)
    })

    under('what may come to another host finds out by itself where it is', async () => {
      const run = await runs.prepare({ command: 'true' }, { runsHere: false })
      await run.start(argv).end()
      const { host, boot } = run.journal.claimed?.wrapper ?? {}
      expect({ host, boot }).toEqual(thisHost())
    })

    under('the input never ends by itself; SIGURG ends it', async () => {
      const run = (await runs.prepare({ command: 'cat; echo eof' })).start(argv)
      await run.untilJournal(journal => journal.spawned)
      for (const line of ['one', 'two', 'three']) {
        run.type(`${line}\n`) // each by a writer of its own, which closes its end
        await until(() => run.read('stdout').endsWith(`${line}\n`))
      }
      await run.signal('SIGURG')
      expect(await run.end()).toBe(0)
      expect(run.read('stdout')).toBe('one\ntwo\nthree\neof\n')
      expect(run.journal.closed).toBeDefined()
      expect(run.journal.signalled).toEqual([])
    })

    under('what was typed before the command reads is not lost', async () => {
      const run = await runs.prepare({ command: 'read -r _ </dev/null; cat' })
      spawnSync('mkfifo', ['-m', '600', run.file('stdin')])
      run.start(argv)
      await until(() => existsSync(run.file('stdout')))
      await run.untilJournal(journal => journal.spawned)
      run.type('early\n')
      await run.signal('SIGURG')
      await run.end()
      expect(run.read('stdout')).toBe('early\n')
    })

    under('the input is nothing, or a file, when the task says so', async () => {
      const none = (await runs.prepare({ command: 'cat; echo eof', stdin: 'null' })).start(argv)
      const file = (await runs.prepare({ command: 'cat', stdin: folder.write('in put', 'data') })).start(argv)
      await Promise.all([none.end(), file.end()])
      expect([none.read('stdout'), file.read('stdout')]).toEqual(['eof\n', 'data'])
      expect(existsSync(none.file('stdin'))).toBe(false)
    })

    under('stdout and stderr are two files, or one', async () => {
      const command = 'echo 1; echo 2 >&2; echo 3'
      const split = (await runs.prepare({ command })).start(argv)
      const mixed = (await runs.prepare({ command, mixed_stdout: true })).start(argv)
      await Promise.all([split.end(), mixed.end()])
      expect([split.read('stdout'), split.read('stderr')]).toEqual(['1\n3\n', '2\n'])
      expect([mixed.read('stdout'), existsSync(mixed.file('stderr'))]).toEqual(['1\n2\n3\n', false])
      expect(statSync(split.file('stdout')).mode & 0o777).toBe(0o600)
    })

    under('a folder that is gone when it starts is a refusal with its reason', async () => {
      const cwd = folder.join('gone later')
      mkdirSync(cwd)
      const run = await runs.prepare({ command: 'echo ran', cwd })
      rmSync(cwd, { recursive: true })
      expect(await run.start(argv).end()).toBe(74)
      expect(run.journal.refused?.reason).toBe(`the folder "${cwd}" cannot be entered`)
      expect([run.journal.spawned, run.read('stdout')]).toEqual([undefined, ''])
    })

    under('an output that cannot be written is a refusal with its reason', async () => {
      for (const name of ['stdout', 'stderr']) {
        const run = await runs.prepare({ command: 'echo ran' })
        mkdirSync(run.file(name))
        expect([name, await run.start(argv).end(), run.journal.refused?.reason]).toEqual([
          name,
          74,
          `${name} cannot be written`,
        ])
        expect(run.journal.spawned).toBeUndefined()
      }
    })

    under('an input that cannot be had is a refusal with its reason', async () => {
      const gone = await runs.prepare({ command: 'echo ran', stdin: folder.join('gone') })
      expect(await gone.start(argv).end()).toBe(74)
      expect(gone.journal.refused?.reason).toBe(`the file "${folder.join('gone')}" cannot be read for stdin`)
      const taken = await runs.prepare({ command: 'echo ran' })
      writeFileSync(taken.file('stdin'), 'no FIFO')
      expect(await taken.start(argv).end()).toBe(74)
      expect(taken.journal.refused?.reason).toStartWith('a FIFO cannot be made here')
      expect([gone.read('stdout'), taken.read('stdout')]).toEqual(['', ''])
    })

    under('a shell that is not there is an end with 127, and its words are in stderr', async () => {
      const run = await runs.prepare({ command: 'x', shell: ['/no/such/shell', '-c'] })
      expect(await run.start(argv).end()).toBe(127)
      expect(run.journal.exited?.code).toBe(127)
      expect(run.read('stderr')).toContain('/no/such/shell')
    })

    under('the locale is that of the descriptor, or of the start, or none', async () => {
      const locale = async (environment: Record<string, string>, env: Record<string, string>) => {
        const run = await runs.prepare({ command: 'echo "${LC_ALL-none}"', env }, { environment })
        await run.start(argv, environment).end()
        return run.read('stdout').trim()
      }
      expect(await locale({ PATH }, {})).toBe('none')
      expect(await locale({ PATH, LC_ALL: '' }, {})).toBe('')
      expect(await locale({ PATH, LC_ALL: 'C.UTF-8' }, {})).toBe('C.UTF-8')
      expect(await locale({ PATH, LC_ALL: 'C.UTF-8' }, { LC_ALL: "it's" })).toBe("it's")
    })

    underWithPerl('the command gets the environment of the start, and nothing else', async () => {
      const environment: Record<string, string> = {
        ...{
          PATH,
          HOME: '/h',
          EMPTY: '',
          IFS: 'x',
          PS4: '$(touch x)',
          LC_ALL: 'C.UTF-8',
          n: '1',
          p: '2',
          sig: '3',
          SHLVL: '7',
        },
        QUOTES: `it's "$HOME" \`x\` \\ \n end`,
      }
      const run = await runs.prepare(
        { ...ENVIRONMENT_PRINTER, cwd: folder.path, env: { MORE: '1' } },
        { environment: { ...environment, OLDPWD: '/old', PWD: '/wrong', _: '/usr/bin/spmi' } },
      )
      const inherited = { ...environment, PWD: '/', OLDPWD: '/old' }
      await run.start(argv, inherited).end()
      const found = new Map(
        run
          .read('stdout')
          .split('\0')
          .slice(0, -1)
          .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
      found.delete('_') // some shells set it for whatever they run
      const expected = { ...environment, MORE: '1', SPMI_RUN: run.name, PWD: folder.path }
      expect(Object.fromEntries(found)).toEqual(expected)
    })

    under('the command has the umask of the start and the folder of the task', async () => {
      const command = 'umask; pwd; : >made'
      const run = await runs.prepare({ command, cwd: folder.path }, { umask: 0o027 })
      await run.start(argv).end()
      expect(linesOf(run)).toEqual(['0027', folder.path])
      expect(statSync(folder.join('made')).mode & 0o777).toBe(0o640)
      expect(readdirSync(folder.path)).toContain('made')
    })

    under(
      'the command has the soft limits of the start, as far as the hard ones of the manager let',
      async () => {
        const run = await runs.prepare({ command: 'ulimit -S -s; ulimit -S -c; ulimit -S -n' })
        const script = run.read('run.sh').replace(/^_spmi_limits=.*$/m, "_spmi_limits='c=8 n=100 s=4096'")
        writeFileSync(run.file('run.sh'), script)
        const limits = 'ulimit -S -s 1024; ulimit -c 0; ulimit -n 64; exec "$@"'
        await run.start(['sh', '-c', limits, 'sh', ...argv]).end()
        expect(linesOf(run)).toEqual(['4096', '0', '64'])
        expect(run.read('stderr')).toBe('')
      },
    )

    under(
      'the command has default signals and no file descriptors of the wrapper, whatever was ignored',
      async () => {
        const run = await runs.prepare({
          command: 'grep SigIgn: /proc/self/status; ls /proc/self/fd | tr "\\n" " "',
        })
        const ignoring = ['sh', '-c', 'trap "" INT QUIT PIPE USR1; exec "$@"', 'sh', ...argv]
        await run.start(ignoring).end()
        expect(linesOf(run)[0]).toMatch(/^SigIgn:\t0+$/)
        expect(run.read('stdout').split('\n')[1]?.trim()).toBe('0 1 2 3') // the last one is that of ls
      },
    )

    under('who launched it reads an end of file as soon as the command lives', async () => {
      const run = (await runs.prepare({ command: 'read -r _' })).start(argv)
      await once(run.output, 'end')
      const { spawned, exited } = run.journal
      expect([spawned !== undefined && isAlive(spawned.command), exited]).toEqual([true, undefined])
      run.type('\n')
      await run.end()
    })

    under('what the command leaves in its group keeps the wrapper, and its end ends it', async () => {
      const run = (await runs.prepare({ command: 'sleep 60 & echo $!; exit 6' })).start(argv)
      const journal = await run.untilJournal(({ stayed }) => stayed)
      expect([journal.exited?.code, journal.ended]).toEqual([6, undefined])
      expect(isAlive(identify(run.pid) ?? thisProcess())).toBe(true)
      process.kill(Number(run.read('stdout')), 'SIGKILL')
      expect(await run.end()).toBe(6)
      expect(run.journal.ended).toBeDefined()
    })

    under(
      'a limit on the size of files that ends the command does not keep its end from being recorded',
      async () => {
        const run = await runs.prepare({ command: 'head -c 1000000 /dev/zero; exit 7', stdin: 'null' })
        await run.start(['sh', '-c', 'ulimit -f 16; exec "$@"', 'sh', ...argv]).end()
        expect(run.journal).toMatchObject({ exited: { code: 7 }, ended: {} })
      },
    )
  })
}

for (const { name: shell, argv, isThere } of SHELLS)
  needs(
    `${shell}, or a mount namespace`,
    isThere && canMount,
    'privilege',
  )(`under ${shell} the end of a run is recorded on a full disk`, async () => {
    const run = await runs.prepare({
      command: 'cat /dev/zero; exit 7',
      cwd: folder.path,
      stdin: 'null',
    })
    const { stderr, isFull, journal } = runOnSmallDisk(folder, run, argv)
    expect([stderr, isFull]).toEqual(['', true])
    expect(journal).toMatchObject({ exited: { code: 7 }, ended: {} })
  })

/** Passes a moment. */
function spin(turns: number): boolean {
  for (let turn = 0; turn < turns; turn++);
  return true
}

test('the shells that are tested are there', () => {
  expect(SHELLS.some(({ isThere }) => isThere)).toBe(true)
})
