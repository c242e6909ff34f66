/**
 * Faults at system calls: strace(1) counts the calls of the program's first thread, which makes all calls that change something,
 * and at one of them it sends SIGKILL, or lets it fail. What the program has launched is not traced.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../support/spmi.ts'
import type { Cell } from './cell.ts'

/** One system call of a program. */
export interface Call {
  readonly name: string
  /** Which one of those of its name it was, counted from 1. */
  readonly nth: number
  /** As strace shows it, with the files behind the descriptors. */
  readonly text: string
}

/** A program that was watched. */
export interface Traced extends Outcome {
  readonly calls: readonly Call[]
}

export const hasStrace = spawnSync('strace', ['-V']).status === 0

/**
 * Runs a program and notes its calls.
 * @param fault what happens at one of them, in the words of strace: `signal=KILL`, `error=EIO`
 */
export async function trace(
  cell: Cell,
  argv: readonly string[],
  options: { input?: string | undefined; at?: Call; fault?: string } = {},
): Promise<Traced> {
  const { input, at, fault } = options
  const log = join(cell.pool.folder, 'strace.log')
  const inject = at ? ['-e', `inject=${at.name}:${fault}:when=${at.nth}`] : []
  const outcome = await cell.run(['strace', '-y', '-s', '0', '-o', log, ...inject, ...argv], input)
  return { ...outcome, calls: parseLog(readFileSync(log, 'utf8')) }
}

/** Whether the fault was reached: the call may have been another one this time, or none. */
export function isHit({ calls }: Traced, at: Call): boolean {
  return calls.some(
    ({ name, nth, text }) => name === at.name && nth === at.nth && /\(INJECTED\)$|= \?$/.test(text),
  )
}

function parseLog(text: string): Call[] {
  const counts = new Map<string, number>()
  return text.split('\n').flatMap(line => {
    const [, name] = /^(\w+)\(/.exec(line) ?? []
    if (name === undefined) return []
    const nth = (counts.get(name) ?? 0) + 1
    counts.set(name, nth)
    return [{ name, nth, text: line }]
  })
}

/** The calls from the first one on that touches a folder, without those of the runtime for its memory and its threads. */
export function callsOn(folder: string, calls: readonly Call[]): Call[] {
  const first = calls.findIndex(({ name, text }) => name !== 'execve' && text.includes(folder))
  return calls.slice(Math.max(0, first)).filter(({ name }) => !OF_THE_RUNTIME.test(name))
}

const OF_THE_RUNTIME =
  /^(futex|madvise|mmap|mprotect|munmap|brk|rt_sig\w+|prlimit64|clone3|sched_\w+|get\w*id|exit_group)$/

/** Whether a call changes something that others can see: files, processes, what is written. */
export function changes({ name, text }: Call): boolean {
  if (/^open/.test(name)) return /O_CREAT|O_TRUNC/.test(text)
  if (/^p?writev?(64)?$/.test(name)) return !text.includes('<anon_inode:')
  return /^(mk|rename|unlink|rmdir|link|symlink|f?ch(mod|own)|f?truncate|fsync|fdatasync|utime|v?fork|kill|tgkill|sendto)/.test(
    name,
  )
}
