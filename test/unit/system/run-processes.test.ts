import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import {
  type ExactIdentity,
  identify,
  isAlive,
  readStat,
  signalProcess,
} from '../../../src/system/process.ts'
import { RunBearers } from '../../../src/system/run-marks.ts'
import {
  isSessionProved,
  killRuns,
  ProcessTable,
  type RunProcesses,
  signalGroups,
  signalStrays,
} from '../../../src/system/run-processes.ts'
import { until } from '../../support/spmi.ts'
import { useChildren } from '../children.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
const children = useChildren()

let count = 0
let name: string

beforeEach(() => {
  name = `spmi-test-${process.pid}-${++count}`
})

afterEach(() => {
  const bearers = RunBearers.find()
  for (const run of [name, `${name}-other`])
    for (const pid of bearers.naming(run)) {
      const identity = identify(pid)
      if (identity) process.kill(identity.pid, 'SIGKILL')
    }
})

/**
 * Runs a shell program as the command of a run. In it, `as NAME ARGV…` becomes that program, and its pid is known as
 * NAME from then on.
 */
async function startCommand(program: string): Promise<ExactIdentity> {
  const as = folder.write(
    'as',
    '#!/bin/sh\nname=$1; shift\necho $$ >"$DIR/$name.new"; mv "$DIR/$name.new" "$DIR/$name"; exec "$@"\n',
    0o700,
  )
  const environment = { PATH: process.env.PATH, SPMI_RUN: name, AS: as, DIR: folder.path }
  const pid = await children.start(['sh', '-c', program], environment)
  return identify(pid) as ExactIdentity
}

async function pidOf(process: string): Promise<number> {
  await until(() => existsSync(folder.join(process)))
  const pid = Number(readFileSync(folder.join(process), 'utf8'))
  await until(() => readStat(pid)?.name === 'sleep')
  children.adopt(identify(pid) as ExactIdentity)
  return pid
}

const membersOf = (run: RunProcesses) =>
  ProcessTable.read()
    .membersOf(run)
    .map(({ pid }) => pid)

describe('the members of a run', () => {
  test('are its command, what is in its session, what names it, and what descends from these', async () => {
    const command = await startCommand(`
      "$AS" child sleep 60 &
      env -u SPMI_RUN "$AS" hidden sleep 60 &
      setsid "$AS" left sleep 60 &
      env -u SPMI_RUN setsid sh -c '"$AS" deep sleep 60; :' &
      setsid sh -c '"$AS" orphan sleep 60 & exit' &
      wait`)
    const pids = await Promise.all(['child', 'hidden', 'left', 'deep', 'orphan'].map(pidOf))
    expect(membersOf({ name, command })).toEqual(expect.arrayContaining([command.pid, ...pids]))
    expect(membersOf({ name, command })).not.toContain(process.pid)
  })

  test('are neither the processes of another run that the task has started, nor what descends from these', async () => {
    const command = await startCommand(`
      "$AS" own sleep 60 &
      SPMI_RUN=$SPMI_RUN-other setsid sh -c '"$AS" other sleep 60 & env -u SPMI_RUN "$AS" hidden sleep 60 & wait' &
      SPMI_RUN= setsid "$AS" detached sleep 60 &
      wait`)
    const strangers = await Promise.all(['other', 'hidden', 'detached'].map(pidOf))
    const own = await pidOf('own')
    const members = membersOf({ name, command })
    expect(members).toContain(own)
    for (const stranger of strangers) expect(members).not.toContain(stranger)
  })

  test('include what a living wrapper has started, but not the wrapper', async () => {
    const wrapper = await startCommand('env -u SPMI_RUN "$AS" child sleep 60 & wait')
    const child = await pidOf('child')
    expect(membersOf({ name, wrapper })).toEqual([child])
  })

  test('are not found by a session whose command and wrapper are gone: its number may be used anew', async () => {
    const command = await startCommand('env -u SPMI_RUN "$AS" hidden sleep 60 & wait')
    const hidden = await pidOf('hidden')
    expect(membersOf({ name, command })).toContain(hidden)
    const gone = { ...command, start: command.start - 1 }
    expect(isSessionProved({ name, command: gone })).toBe(false)
    expect(isSessionProved({ name, command: gone, wrapper: command })).toBe(true)
    expect(isSessionProved({ name })).toBe(false)
    expect(membersOf({ name: `${name}-gone`, command: gone })).toEqual([])
  })
})

describe('what holds the terminal of a command', () => {
  /** As terminal.sh does it: a wrapper, which does not name the run, a holder that does, and the command. */
  async function startHolder() {
    const wrapper = await startCommand(
      'export NAME=$SPMI_RUN; SPMI_RUN= exec sh -c \'SPMI_RUN=$NAME sh -c "setsid \\"$AS\\" inner sleep 60 & wait; :" & wait\'',
    )
    const command = identify(await pidOf('inner')) as ExactIdentity
    await until(() => readStat(command.pid)?.session === command.pid)
    const holder = identify(readStat(command.pid)?.parent ?? 0) as ExactIdentity
    return { run: { name, wrapper, command }, holder }
  }

  test('is no member of the run, gets no signal of a stop, and is killed with it', async () => {
    const { run, holder } = await startHolder()
    expect(membersOf(run)).toEqual([run.command.pid])
    expect(
      ProcessTable.read()
        .terminalHoldersOf(run)
        .map(({ pid }) => pid),
    ).toEqual([holder.pid])
    signalStrays([run], 'SIGTERM')
    expect([isAlive(holder), isAlive(run.command)]).toEqual([true, true])
    expect(await killRuns([run], 5000)).toEqual(new Map())
    expect([isAlive(holder), isAlive(run.command)]).toEqual([false, false])
  })
})

describe('signals', () => {
  test('for the group do not reach what left it, and those for strays reach nothing else', async () => {
    const command = await startCommand('"$AS" child sleep 60 & setsid "$AS" left sleep 60 & wait')
    const [child, left] = await Promise.all(['child', 'left'].map(async of => identify(await pidOf(of))))
    signalStrays([{ name, command }], 'SIGTERM')
    await until(() => !isAlive(left as ExactIdentity))
    expect(isAlive(child as ExactIdentity)).toBe(true)
    signalGroups([{ name, command }], 'SIGTERM')
    await until(() => !isAlive(child as ExactIdentity))
  })

  test('for a group that is not proved to be the run’s are not sent', async () => {
    const command = await startCommand('"$AS" child sleep 60 & wait')
    const child = identify(await pidOf('child')) as ExactIdentity
    signalGroups([{ name, command: { ...command, start: command.start - 1 } }, { name }], 'SIGKILL')
    expect(isAlive(child)).toBe(true)
  })
})

describe('killRuns', () => {
  test('leaves no process: neither ignored signals, a stop, nor another session help', async () => {
    const command = await startCommand(`
      trap "" INT TERM HUP
      setsid "$AS" left sleep 60 &
      "$AS" stopped sleep 60 &
      "$AS" child sleep 60 &
      while :; do wait; done`)
    const pids = await Promise.all(['left', 'stopped', 'child'].map(pidOf))
    const identities = pids.map(pid => identify(pid) as ExactIdentity)
    signalProcess(identities[1] as ExactIdentity, 'SIGSTOP')
    expect(await killRuns([{ name, command }], 5000)).toEqual(new Map())
    expect([command, ...identities].map(isAlive)).toEqual([false, false, false, false])
  })

  test('leaves the wrapper and the processes of other runs alive', async () => {
    const wrapper = await startCommand(
      '"$AS" child sleep 60 & SPMI_RUN=$SPMI_RUN-other setsid "$AS" other sleep 60 & wait; wait',
    )
    const child = identify(await pidOf('child')) as ExactIdentity
    const other = identify(await pidOf('other')) as ExactIdentity
    await killRuns([{ name, wrapper }], 5000)
    expect([isAlive(child), isAlive(other)]).toEqual([false, true])
  })

  test('a process that forks and changes its session all the time does not escape', async () => {
    const fork = 'use POSIX; for (;;) { if (fork) { exit } setsid; select undef, undef, undef, 0.002 }'
    const environment = { PATH: process.env.PATH, SPMI_RUN: name }
    await children.start(['perl', '-e', fork], environment)
    await until(() => RunBearers.find().bear({ name }))
    expect(await killRuns([{ name }], 5000)).toEqual(new Map())
    for (let look = 0; look < 5; look++) expect(RunBearers.find().bear({ name })).toBe(false)
  })

  test('what was stopped is killed, also when its parent, by which alone it was known, is gone by then', async () => {
    // The wrapper ends when it hears that its child was stopped. The child shows nothing of the run.
    const wrapper = await startCommand(
      `exec perl -e '$SIG{CHLD} = sub { exit }; if (!fork) { exec "setsid", "env", "-u", "SPMI_RUN", $ENV{AS}, "child", "sleep", 60 } sleep 60 while 1'`,
    )
    const child = identify(await pidOf('child')) as ExactIdentity
    children.adopt(child)
    await killRuns([{ name, wrapper }], 5000)
    await until(() => !isAlive(child))
  })

  test('has nothing to do for a run without processes', async () => {
    expect(await killRuns([{ name }], 1000)).toEqual(new Map())
    expect(await killRuns([], 1000)).toEqual(new Map())
  })
})
