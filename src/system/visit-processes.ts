/** Every process of this host, those included that are made while we look. */
import { existsSync, readdirSync } from 'node:fs'
import { readProc } from './process.ts'

/** The pids of this host's processes. */
export function listPids(): number[] {
  return readdirSync('/proc').filter(isNumeric).map(Number)
}

/** How often processes that are new are looked for, at most. */
const MAX_LOOKS = 200

/** How many numbers of processes are tried one by one; of more, all processes are listed anew. */
const MAX_NUMBERS = 100

/**
 * Visits every process of this host, and those that are made meanwhile until there is no new one: what forks and ends all the time
 * would else be gone when it is looked at, and its child not be listed yet. New ones are known by the number that was given last.
 * @param visit is told as well whether the process is so new that it may soon be gone
 */
export function visitProcesses(visit: (pid: number, isNew: boolean) => void): void {
  let last = readLastNumber()
  const seen = new Set(listPids())
  for (const pid of seen) visit(pid, false)
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const now = readLastNumber()
    if (now === last) return
    for (const pid of listNew(last, now)) {
      if (seen.has(pid)) continue
      seen.add(pid)
      visit(pid, true)
    }
    last = now
  }
}

/** The processes that were made between two looks at the last number, as far as they still are. Numbers begin anew at their end. */
function listNew(last: number, now: number): number[] {
  if (now < last || now - last > MAX_NUMBERS) return listPids()
  return Array.from({ length: now - last }, (_, index) => last + 1 + index).filter(isProcess)
}

/** Whether a number is a process: threads have numbers too, which /proc takes but does not list. */
function isProcess(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readProc(`/proc/${pid}/status`)?.includes(`\nTgid:\t${pid}\n`) === true
}

/** The number that the last process or thread got. Source: proc_loadavg(5). */
function readLastNumber(): number {
  const words = readProc('/proc/loadavg')?.trimEnd().split(' ') ?? []
  return Number(words.at(-1) ?? 0)
}

function isNumeric(name: string): boolean {
  const code = name.charCodeAt(0)
  return code >= 48 && code <= 57
}
