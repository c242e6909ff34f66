/**
 * What holds the terminal of a run's command: script(1), between the wrapper and the command (see terminal.sh). It stops
 * itself when its command is stopped (SIGSTOP), and nobody tells it when the command goes on. And it never learns of the
 * command's end where it has not yet read of an earlier stop: of several SIGCHLD that wait, one is left (signal(7)). That
 * the command goes on is such a SIGCHLD too. So whoever has stopped or continued a command waits until its holder has taken note.
 */
import {
  countTimeslices,
  hasPending,
  hasStopped,
  isAlive,
  isHalted,
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
export function settleTerminalHolders(runs: readonly RunProcesses[]): Promise<void> {
  return settleAll(runs, new Map())
}

/**
 * Waits for the same after something that lets commands go on. The kernel tells a holder of it only when its command runs.
 * @param act sends SIGCONT
 */
export async function continueHeld(runs: readonly RunProcesses[], act: () => void): Promise<void> {
  const counts = new Map<string, number>()
  for (const run of runs) {
    const count = run.command && isHalted(run.command) ? countTimeslices(run.command.pid) : undefined
    if (count !== undefined) counts.set(run.name, count)
  }
  act()
  await settleAll(runs, counts)
}

/** @param counts how often the commands that were continued had got a processor before, by the names of their runs */
async function settleAll(runs: readonly RunProcesses[], counts: Map<string, number>): Promise<void> {
  const until = performance.now() + DEADLINE
  for (let left = runs; performance.now() < until; await sleep(3)) {
    left = left.filter(run => !settle(run, counts))
    if (left.length === 0) return
  }
}

/** @returns whether there is nothing to wait for */
function settle(run: RunProcesses, counts: Map<string, number>): boolean {
  const holder = findHolder(run)
  if (holder === undefined || run.command === undefined) return true
  const count = counts.get(run.name)
  if (count !== undefined) {
    // When it has got one it may not have told yet, so the next look decides.
    if (countTimeslices(run.command.pid) !== count) counts.delete(run.name)
    return false
  }
  if (!hasStopped(holder)) return holder.state === 'S' && !hasPending(holder.pid, 'SIGCHLD')
  if (isHalted(run.command)) return true
  signalProcess({ ...thisHost(), ...holder }, 'SIGCONT')
  return false
}

/** The parent of the command, where that is not the wrapper; other strangers do not name the run. */
function findHolder({ name, wrapper, command }: RunProcesses): ProcessStat | undefined {
  const parent = command && isAlive(command) ? readStat(command.pid)?.parent : undefined
  if (parent === undefined || parent === wrapper?.pid || readRunVariable(parent) !== name) return undefined
  return readStat(parent)
}
