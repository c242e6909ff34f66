/**
 * What holds the terminal of a run's command: script(1), between the wrapper and the command (see terminal.sh). It stops
 * itself when its command is stopped (SIGSTOP), and nobody tells it when the command goes on. And it never learns of the
 * command's end where it has not yet read of an earlier stop: of several SIGCHLD that wait, one is left (signal(7)). So
 * whoever has stopped or continued a command waits until its holder has taken note.
 */
import {
  hasPending,
  hasStopped,
  isAlive,
  isStopped,
  type ProcessStat,
  readStat,
  signalProcess,
  thisHost,
} from './process.ts'
import { readRunVariable } from './run-marks.ts'
import type { RunProcesses } from './run-processes.ts'
import { sleep } from './sleep.ts'

/** Milliseconds that the holders have to take note: all but a machine without time needs one or two. */
const DEADLINE = 2000

/** Waits until what holds the terminals of some runs is in the same state as their commands: stopped, or at work. */
export async function settleTerminalHolders(runs: readonly RunProcesses[]): Promise<void> {
  const until = performance.now() + DEADLINE
  for (let left = runs; performance.now() < until; await sleep(3)) {
    left = left.filter(run => !settle(run))
    if (left.length === 0) return
  }
}

/** @returns whether there is nothing to wait for */
function settle(run: RunProcesses): boolean {
  const holder = findHolder(run)
  if (holder === undefined || run.command === undefined) return true
  if (!hasStopped(holder)) return holder.state === 'S' && !hasPending(holder.pid, 'SIGCHLD')
  if (isStopped(run.command)) return true
  signalProcess({ ...thisHost(), ...holder }, 'SIGCONT')
  return false
}

/** The parent of the command, where that is not the wrapper; other strangers do not name the run. */
function findHolder({ name, wrapper, command }: RunProcesses): ProcessStat | undefined {
  const parent = command && isAlive(command) ? readStat(command.pid)?.parent : undefined
  if (parent === undefined || parent === wrapper?.pid || readRunVariable(parent) !== name) return undefined
  return readStat(parent)
}
