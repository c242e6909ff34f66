/** What a test sees of processes, with its own eyes: it does not ask the code under test. */
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'

/** The pids of living processes whose argv holds a word. */
export function findByArgument(word: string): number[] {
  return listPids().filter(pid => read(`/proc/${pid}/cmdline`).split('\0').includes(word) && isLiving(pid))
}

/** The pids of living processes whose environment has a variable with this value: `NAME=VALUE`. */
export function findByVariable(pair: string): number[] {
  return listPids().filter(pid => read(`/proc/${pid}/environ`).split('\0').includes(pair) && isLiving(pid))
}

/** Whether a process lives; a zombie does not. */
export function isLiving(pid: number): boolean {
  return !['', 'Z', 'X'].includes(stateOf(pid))
}

/** The state of a process: "R", "S", "T", …; empty when there is none. */
export function stateOf(pid: number): string {
  return readStat(pid)[0] ?? ''
}

export function parentOf(pid: number): number {
  return Number(readStat(pid)[1])
}

/** One of the living children of a process; undefined when it has none. */
export function findChild(pid: number): number | undefined {
  return listPids().find(child => parentOf(child) === pid && isLiving(child))
}

/** The name of the program that a process is; empty when there is none. Source: proc_pid_comm(5). */
export function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trimEnd()
}

/** The session that a process is in. */
export function sessionOf(pid: number): number {
  return Number(readStat(pid)[3])
}

/** The niceness of what `nice -n INCREMENT` runs, where the tests are nice themselves. */
export function addNiceness(increment: number): number {
  return Math.min(19, getPriority() + increment)
}

/** When a process started, in clock ticks since boot: with its pid that means one process for good. */
export function startOf(pid: number): number {
  return Number(readStat(pid)[19])
}

/** The fields of a process after its name, which may hold anything. */
function readStat(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function listPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone meanwhile
  }
}
