import { describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { type ExactIdentity, identify, readStat } from '../../../src/system/process.ts'
import { markOf, RunBearers, readMark, readRunVariable } from '../../../src/system/run-marks.ts'
import { killRuns, ProcessTable } from '../../../src/system/run-processes.ts'
import { visitProcesses } from '../../../src/system/visit-processes.ts'
import { until } from '../../support/spmi.ts'
import { useChildren } from '../children.ts'
import { needs } from '../needs.ts'
import { SHELLS } from '../shells.ts'

const children = useChildren()

async function startSleep(environment?: NodeJS.ProcessEnv): Promise<ExactIdentity> {
  return become(['sleep', '60'], environment)
}

/** Starts what becomes a sleep. */
async function become(argv: readonly string[], environment?: NodeJS.ProcessEnv): Promise<ExactIdentity> {
  const pid = await children.start(argv, environment)
  await until(() => readStat(pid)?.name === 'sleep' && readStat(pid)?.state === 'S')
  return identify(pid) as ExactIdentity
}

describe('the variable that names the run', () => {
  test('is found wherever it stands, and is not taken for a longer one', async () => {
    const cases: readonly (readonly [NodeJS.ProcessEnv, string | undefined])[] = [
      [{ SPMI_RUN: 'first', A: 'b' }, 'first'],
      [{ A: 'b', SPMI_RUN: 'last' }, 'last'],
      [{ A: 'b', SPMI_RUN: 'middle', C: 'd' }, 'middle'],
      [{ SPMI_RUN: '' }, ''],
      [{ A: 'b', SPMI_RUN: '', C: 'd' }, ''],
      [{ A: 'b' }, undefined],
      [{}, undefined],
      [{ XSPMI_RUN: 'x', SPMI_RUNS: 'y', A: 'SPMI_RUN=z' }, undefined],
      [{ XSPMI_RUN: 'x', SPMI_RUN: 'right' }, 'right'],
      [{ LONG: 'x'.repeat(100_000), SPMI_RUN: 'behind' }, 'behind'],
    ]
    for (const [environment, run] of cases) {
      const pid = await children.start(['/bin/sleep', '60'], environment)
      await until(() => readStat(pid)?.name === 'sleep' && readStat(pid)?.state === 'S')
      expect([Object.keys(environment), readRunVariable(pid)]).toEqual([Object.keys(environment), run])
    }
  })

  test('is undefined for a process that is gone', () => {
    expect(readRunVariable(4_194_305)).toBeUndefined()
  })

  test('gives for every run the processes that name it', async () => {
    const run = `spmi-test-${process.pid}-named`
    const environment = { PATH: process.env.PATH, SPMI_RUN: run }
    const pids = [await startSleep(environment), await startSleep(environment)].map(({ pid }) => pid)
    await startSleep({ PATH: process.env.PATH, SPMI_RUN: '' })
    const found = RunBearers.find()
    expect([...found.naming(run)].sort()).toEqual(pids.sort())
    expect(found.naming('')).toEqual([])
  })
})

describe('the mark of a run', () => {
  const name = 'spmi-a-00f123456789'
  const marked = (command: string, environment: NodeJS.ProcessEnv = {}, mark = markOf(name)) =>
    become(['bash', '-c', `ulimit -S -x ${mark}; exec ${command}`], {
      PATH: process.env.PATH,
      ...environment,
    })
  const membersOf = (wrapper: ExactIdentity) =>
    ProcessTable.read()
      .membersOf({ name, wrapper })
      .map(({ pid }) => pid)

  test('is the number at the end of its name, whatever its last sign says', () => {
    expect(markOf(name)).toBe(0x00f123456789)
    expect(markOf('spmi-a-00f12345678x')).toBe(0x00f123456780)
    expect(markOf('spmi-a-ffffffffffff')).toBe(2 ** 48 - 1)
    for (const other of ['', 'spmi-a', 'spmi-a-00F123456789', 'spmi-a-0f123456789', 'spmi-a-00f123456789-'])
      expect(markOf(other)).toBeUndefined()
  })

  for (const { name: shell, argv, isThere } of SHELLS)
    needs(shell, isThere)(`can be set by ${shell}, as default.sh does it`, async () => {
      const script =
        '{ ulimit -S -x 123456789012345 || ulimit -S -w 123456789012345; } 2>/dev/null; exec sleep 60'
      const { pid } = await become([...argv, '-c', script])
      expect(readMark(pid)).toBe(123456789012345)
    })

  test('is borne by nobody who was not given one', async () => {
    expect(readMark((await startSleep()).pid)).toBeUndefined()
    expect(readMark(4_194_305)).toBeUndefined()
  })

  test('tells what has taken off environment, session and parent', async () => {
    const wrapper = await startSleep()
    const hidden = await marked('env -i sleep 60')
    expect(RunBearers.find().bear({ name, wrapper })).toBe(true)
    expect(membersOf(wrapper)).toEqual([hidden.pid])
    expect(await killRuns([{ name, wrapper }], 5000)).toEqual(new Map())
    expect(RunBearers.find().bear({ name, wrapper })).toBe(false)
    expect(readStat(wrapper.pid)?.state).toBe('S')
  })

  test('says nothing of what was started before the run, or on another boot', async () => {
    const older = await marked('env -i sleep 60')
    const wrapper = { ...(await startSleep()), start: older.start + 1 }
    const rebooted = { ...wrapper, start: 0, boot: 'another' }
    for (const run of [{ name, wrapper }, { name, wrapper: rebooted }, { name }]) {
      expect(RunBearers.find().bear(run)).toBe(false)
      expect(ProcessTable.read().membersOf(run)).toEqual([])
    }
  })

  test('gives way to an environment that names another run, but not to one that was taken off', async () => {
    const wrapper = await startSleep()
    await marked('sleep 60', { SPMI_RUN: 'spmi-other' })
    expect(membersOf(wrapper)).toEqual([])
    const own = await marked('sleep 60', { SPMI_RUN: '' })
    expect(membersOf(wrapper)).toEqual([own.pid])
    expect(RunBearers.find().bear({ name, wrapper })).toBe(true)
  })

  test('of another run excludes what descends from a process of this one', async () => {
    const wrapper = await startSleep()
    const inner = "bash -c 'ulimit -S -x 77; exec env -i sleep 60'"
    const parent = await become(['bash', '-c', `env -u SPMI_RUN ${inner} & exec sleep 60`], {
      PATH: process.env.PATH,
      SPMI_RUN: name,
    })
    const child = () => [...ProcessTable.read().membersOf({ name: 'x', command: parent })]
    await until(() => child().length === 1)
    expect(membersOf(wrapper)).toEqual([parent.pid])
  })
})

describe('a visit of all processes', () => {
  test('finds what forks and ends as fast as it can, every time', async () => {
    const hop =
      'use POSIX; $end = time + 20; while (time < $end) { $child = fork; POSIX::_exit(0) if !defined $child || $child; setsid }'
    const reaper = resolve(import.meta.dir, '../../fixtures/reaper.pl')
    const name = `spmi-test-${process.pid}-hop`
    await children.start(['perl', reaper, 'env', `SPMI_RUN=${name}`, 'perl', '-e', hop])
    await until(() => RunBearers.find().bear({ name }))
    let missed = 0
    for (let look = 0; look < 20; look++) if (!RunBearers.find().bear({ name })) missed++
    expect(await killRuns([{ name }], 10_000)).toEqual(new Map())
    expect([missed, RunBearers.find().bear({ name })]).toEqual([0, false])
  })

  test('visits each process once, and no thread', () => {
    const visited: number[] = []
    visitProcesses(pid => visited.push(pid))
    expect(new Set(visited).size).toBe(visited.length)
    expect(visited.filter(pid => pid === process.pid)).toHaveLength(1)
  })
})
