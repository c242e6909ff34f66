import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import {
  countTimeslices,
  type ExactIdentity,
  hasPending,
  identify,
  isAlive,
  readStat,
} from '../../../src/system/process.ts'
import { continueHeld, settleTerminalHolders } from '../../../src/system/terminal-holder.ts'
import { until } from '../../support/spmi.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
const name = `spmi-test-${process.pid}`
let script: ChildProcess
let holder: ExactIdentity
let command: ExactIdentity

beforeEach(async () => {
  const program = `echo $$ >new; mv new pid; exec sleep 300`
  script = spawn('script', ['-qec', program, '/dev/null'], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, SHELL: '/bin/sh', SPMI_RUN: name },
    stdio: 'ignore',
  })
  await until(() => existsSync(folder.join('pid')))
  const pid = Number(readFileSync(folder.join('pid'), 'utf8'))
  await until(() => readStat(pid)?.name === 'sleep')
  command = identify(pid) as ExactIdentity
  holder = identify(script.pid ?? 0) as ExactIdentity
})
afterEach(() => {
  for (const each of [command, holder]) if (isAlive(each)) process.kill(each.pid, 'SIGKILL')
})

const send = ({ pid }: ExactIdentity, signal: NodeJS.Signals) => process.kill(pid, signal)
const stateOf = ({ pid }: ExactIdentity) => readStat(pid)?.state
const settle = () => settleTerminalHolders([{ name, command }])

test('the holder stops with its command, and goes on with it', async () => {
  send(command, 'SIGSTOP')
  await until(() => stateOf(command) === 'T')
  await settle()
  await until(() => stateOf(holder) === 'T')
  await settle()
  expect(stateOf(holder)).toBe('T')
  send(command, 'SIGCONT')
  await until(() => stateOf(command) !== 'T')
  await settle()
  expect(stateOf(holder)).toBe('S')
})

test('a holder that has had no time yet learns of a stop before it is to learn of the end', async () => {
  send(holder, 'SIGSTOP') // as if the machine had none for it
  send(command, 'SIGSTOP')
  await until(() => hasPending(holder.pid, 'SIGCHLD'))
  send(command, 'SIGCONT')
  await settle()
  expect([stateOf(holder), hasPending(holder.pid, 'SIGCHLD')]).toEqual(['S', false])
  send(command, 'SIGTERM')
  expect(await once(script, 'exit')).toEqual([143, null])
})

test('a holder is told that its command goes on before it is to learn of the end, also where the command has little time', async () => {
  const cpu = /^Cpus_allowed_list:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  Bun.spawnSync(['taskset', '-cp', cpu, String(command.pid)])
  Bun.spawnSync(['chrt', '--idle', '-p', '0', String(command.pid)])
  const loop = ['-c', cpu, 'sh', '-c', 'while :; do :; done']
  const busy = Array.from({ length: 2 }, () => spawn('taskset', loop, { stdio: 'ignore' }))
  try {
    // Some times, because it may well get its time at once.
    for (let time = 0; time < 8; time++) {
      send(command, 'SIGSTOP')
      await until(() => stateOf(command) === 'T')
      await settle()
      const count = countTimeslices(command.pid) ?? 0
      await continueHeld([{ name, command }], () => send(command, 'SIGCONT'))
      expect(countTimeslices(command.pid)).toBeGreaterThan(count)
    }
    send(command, 'SIGTERM')
    expect(await once(script, 'exit')).toEqual([143, null])
  } finally {
    for (const each of busy) each.kill('SIGKILL')
  }
})

test('a parent that does not name the run is left alone', async () => {
  send(holder, 'SIGSTOP')
  await until(() => stateOf(holder) === 'T')
  await settleTerminalHolders([{ name: `${name}-other`, command }, { name }])
  await settleTerminalHolders([{ name, command, wrapper: holder }])
  expect(stateOf(holder)).toBe('T')
})
