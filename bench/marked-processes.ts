/**
 * The processes that the benchmarks have started, and no others: everything is started with a variable in its
 * environment whose value no other run of the benchmarks has, and it is found by that or by an argument as unique.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { until } from './measure.ts'

/** Names the run of the benchmarks that a process belongs to. */
export const MARK_VARIABLE = 'SPMI_BENCH'

/** The pids of the processes that a mark names. */
export function findMarked(mark: string): number[] {
  const entry = `\0${MARK_VARIABLE}=${mark}\0`
  return listPids().filter(pid => `\0${read(pid, 'environ')}`.includes(entry))
}

/** Kills what a mark names, until nothing of it is left or a second has passed. */
export function killMarked(mark: string): void {
  const end = performance.now() + 1000
  for (let pids = findMarked(mark); pids.length > 0; pids = findMarked(mark)) {
    for (const pid of pids) signal(pid)
    if (performance.now() > end) return
    Bun.sleepSync(2)
  }
}

/** Watches for `sleep` with an argument that only the wanted processes have. Cheap, because it competes with them. */
export class SleepWatch {
  readonly #words: string
  readonly #pattern: RegExp
  #old = new Set<number>()

  constructor(seconds: string) {
    this.#words = `sleep ${seconds}`
    // pm2 starts it by its whole path
    this.#pattern = new RegExp(`^(?:/[^\\x00]*/)?sleep\\x00${seconds.replace('.', '\\.')}\\x00$`)
  }

  /** Takes note of what runs already, which need not be looked at again. */
  begin(): void {
    this.#old = new Set(listPids())
  }

  /** Waits until so many have appeared since `begin`. */
  async awaitCount(count: number): Promise<void> {
    const seen = new Set(this.#old)
    const wanted = seen.size + count
    await until(() => {
      for (const pid of listPids()) if (!seen.has(pid) && this.#isWanted(pid)) seen.add(pid)
      return seen.size >= wanted
    }, `${count} processes "${this.#words}"`)
  }

  /** Waits until none of these is left. */
  async awaitEnd(pids: readonly number[]): Promise<void> {
    let left = pids
    await until(() => {
      left = left.filter(pid => this.#isWanted(pid))
      return left.length === 0
    }, `the end of "${this.#words}"`)
  }

  /** The pids of those that live. */
  list(): number[] {
    return listPids().filter(pid => this.#isWanted(pid))
  }

  #isWanted(pid: number): boolean {
    return this.#pattern.test(read(pid, 'cmdline')) // a zombie has none
  }
}

/** The process group of a process. */
export function readGroup(pid: number): number {
  const stat = read(pid, 'stat')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
}

/** The proportional set size of a process in MB: its private memory, and its part of what it shares. */
export function readPss(pid: number): number {
  return Number(/^Pss:\s*(\d+) kB/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0) / 1000
}

/** Whether a process is a JavaScript runtime, or SPMI itself. */
export function isJavaScript(pid: number): boolean {
  try {
    return ['node', 'bun', 'bun.exe', 'spmi'].includes(basename(readlinkSync(`/proc/${pid}/exe`)))
  } catch {
    return false // it has just ended
  }
}

function listPids(): number[] {
  return readdirSync('/proc')
    .filter(name => name >= '1' && name < ':')
    .map(Number)
}

/** A file of /proc, or '' when the process is gone or another user's. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {} // it has just ended
}
