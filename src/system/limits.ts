/**
 * The limits of resources that this program was started with, for the commands that it starts: process managers have limits of
 * their own. Source: proc_pid_limits(5), getrlimit(2); the letters and units are those of ulimit in dash, BusyBox and bash as sh.
 */
import { readFileSync } from 'node:fs'
import { ppid } from 'node:process'
import { errnoOf } from '../errors.ts'

/** The letters of ulimit, the names of the kernel, and the unit in bytes, seconds or pieces. */
const LIMITS = [
  ['t', 'cpu time', 1],
  ['f', 'file size', 512],
  ['d', 'data size', 1024],
  ['s', 'stack size', 1024],
  ['c', 'core file size', 512],
  ['l', 'locked memory', 1024],
  ['v', 'address space', 1024],
  ['n', 'open files', 1],
] as const

/** A limit as the kernel writes it: a number or "unlimited". */
interface Limit {
  readonly soft: string
  readonly hard: string
}

/** The soft limits, by the letters of ulimit: `{ n: "1024", c: "0", s: "8192", … }`. What is not told is left out. */
export function readSoftLimits(): Readonly<Record<string, string>> {
  const own = readLimits('self')
  const parent = readLimits(ppid)
  const limits: Record<string, string> = {}
  for (const [letter, name, unit] of LIMITS) {
    const limit = name === 'open files' ? findOpenFiles(own.get(name), parent.get(name)) : own.get(name)
    if (limit === undefined) continue
    const { soft } = limit
    limits[letter] = soft === 'unlimited' ? soft : String(Math.floor(Number(soft) / unit))
  }
  return limits
}

/**
 * Node and Bun raise their own limit of open files as far as they may, before any of our code runs. What it was before is
 * what our parent has, where it may have as many as we: the shell that called us.
 */
function findOpenFiles(own: Limit | undefined, parent: Limit | undefined): Limit | undefined {
  return own?.soft === own?.hard && own?.hard === parent?.hard ? parent : own
}

/** Sets the soft limit of file locks and becomes a program: the letter is -x in bash and BusyBox, -w in dash. */
const SET_LOCKS = '{ ulimit -S -x "$1" || ulimit -S -w "$1"; } 2>/dev/null; shift; exec "$@"'

/**
 * What runs a program that is to outlive the run that we are of, if we are of one: without its mark (run-marks.ts), which
 * a child would inherit. A mark is a soft limit below the hard one.
 */
export function withoutMark(argv: readonly string[]): readonly string[] {
  const { soft, hard } = readLimits('self').get('file locks') ?? {}
  return soft === hard || hard === undefined ? argv : withLockLimit(hard, argv)
}

/** What runs a program with a soft limit of file locks, where that can be set. */
export function withLockLimit(limit: string, argv: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', SET_LOCKS, 'sh', limit, ...argv]
}

function readLimits(pid: number | 'self'): ReadonlyMap<string, Limit> {
  try {
    const lines = readFileSync(`/proc/${pid}/limits`, 'utf8').matchAll(/^Max (.+?) {2,}(\w+) +(\w+)/gm)
    return new Map([...lines].map(([, name = '', soft = '', hard = '']) => [name, { soft, hard }]))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return new Map() // gone, or not for us
  }
}
