/**
 * By what a process shows to which run it belongs. Its environment names the run; but a program may clear that, or write over it. So
 * every process of a command bears a mark as well, which children inherit and no ordinary program changes: its soft limit of file
 * locks, which Linux has not enforced since 2.4 and which everybody may read. The wrapper sets it (see default.sh).
 * Source: getrlimit(2), proc_pid_limits(5), proc_pid_environ(5).
 */
import { existsSync } from 'node:fs'
import {
  type ExactIdentity,
  isDead,
  isFromHere,
  type ProcessIdentity,
  readProc,
  readStat,
  thisHost,
} from './process.ts'
import { visitProcesses } from './visit-processes.ts'

/** The variable that names the run in the environment of a task's processes. */
export const RUN_VARIABLE = 'SPMI_RUN'

/** Of a run, what tells its processes. */
export interface MarkedRun {
  readonly name: string
  readonly wrapper?: ProcessIdentity | undefined
}

/**
 * The mark of a run: the 48 bits of a hash with which its name ends (the last digit may be another sign), as a number. So it needs
 * no place of its own. Undefined for other names.
 */
export function markOf(name: string): number | undefined {
  const digits = /-([0-9a-f]{11})([0-9a-z])$/.exec(name)
  if (digits === null) return undefined
  const last = Number.parseInt(digits[2] ?? '', 16)
  return Number.parseInt(digits[1] ?? '', 16) * 16 + (Number.isNaN(last) ? 0 : last)
}

/** The mark that a process bears, whoever's it is; undefined when it bears none, or is gone. */
export function readMark(pid: number): number | undefined {
  const [, soft, hard] = /^Max file locks +(\w+) +(\w+)/m.exec(readProc(`/proc/${pid}/limits`) ?? '') ?? []
  return soft === hard ? undefined : Number(soft)
}

/** Whether a process that bears the mark of a run was started after the run had begun, on this boot: else it is a stranger. */
export function isOfItsTime({ wrapper }: MarkedRun, { start }: { readonly start: number }): boolean {
  const begin = wrapper && isFromHere(wrapper) ? (wrapper.start ?? wrapper.seen) : undefined
  return begin !== undefined && start >= begin
}

/**
 * The run that a process's environment names: '' when the variable was taken off by SPMI itself, undefined when
 * it was never there or the environment is not ours to read.
 */
export function readRunVariable(pid: number): string | undefined {
  const text = readProc(`/proc/${pid}/environ`)
  if (text === undefined) return undefined
  const at = text.startsWith(`${RUN_VARIABLE}=`) ? 0 : text.indexOf(`\0${RUN_VARIABLE}=`) + 1
  if (at === 0 && !text.startsWith(`${RUN_VARIABLE}=`)) return undefined
  const from = at + RUN_VARIABLE.length + 1
  const end = text.indexOf('\0', from)
  return text.slice(from, end === -1 ? undefined : end)
}

/**
 * The oldest process of ours that is a shell which reads a script: how a wrapper is known whose journal tells nothing. Nobody else reads a
 * run's script by sh, and a second wrapper stops at once.
 */
export function findShellOf(script: string): ExactIdentity | undefined {
  const wanted = Buffer.from(script).toString('latin1')
  const found: ExactIdentity[] = []
  visitProcesses(pid => {
    const [shell = '', ...args] = readProc(`/proc/${pid}/cmdline`)?.split('\0') ?? []
    const isIts = shell.endsWith('sh') && args.find(word => !word.startsWith('-')) === wanted
    const stat = isIts && existsSync(`/proc/${pid}/exe`) ? readStat(pid) : undefined
    if (stat !== undefined && !isDead(stat)) found.push({ ...thisHost(), pid, start: stat.start })
  })
  return found.sort((a, b) => a.start - b.start)[0]
}

/** The processes of this host by what they show. One pass over /proc, cheaper than a table of all. */
export class RunBearers {
  readonly #named = new Map<string, number[]>()
  /** The starts of processes that name no run, by their marks. */
  readonly #starts = new Map<number, number[]>()

  private constructor() {}

  static find(): RunBearers {
    const found = new RunBearers()
    visitProcesses(pid => {
      // Zombies, threads of the kernel and processes of others have no program that we can see. To be told so by a
      // refused open would cost ten times as much.
      if (!existsSync(`/proc/${pid}/exe`)) return
      const run = readRunVariable(pid)
      if (run) return add(found.#named, run, pid)
      const mark = readMark(pid)
      const stat = mark === undefined ? undefined : readStat(pid) // at once: it may soon be gone
      if (mark !== undefined && stat && !isDead(stat)) add(found.#starts, mark, stat.start)
    })
    return found
  }

  /** The processes whose environment names a run. */
  naming(run: string): readonly number[] {
    return this.#named.get(run) ?? []
  }

  /** Whether a process bears a run. */
  bear(run: MarkedRun): boolean {
    if (this.#named.has(run.name)) return true
    const mark = this.#starts.size === 0 ? undefined : markOf(run.name)
    const starts = (mark !== undefined && this.#starts.get(mark)) || []
    return starts.some(start => isOfItsTime(run, { start }))
  }
}

function add<K>(map: Map<K, number[]>, key: K, pid: number): void {
  const pids = map.get(key)
  if (pids) pids.push(pid)
  else map.set(key, [pid])
}
