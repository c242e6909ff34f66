/**
 * Who decides the truth in the fault suite: the commands themselves, which write their begin and their end to a file outside the pool,
 * and /proc. Nothing of the code under test is asked.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isLiving } from '../../support/processes.ts'

let made = 0

/** One task's command as seen from outside. */
export class Witness {
  /** What every process of it bears, in its argv, its environment, or as an open file. */
  readonly mark: string
  readonly path: string

  /** @param folder outside the pool */
  constructor(folder: string) {
    this.mark = `witness-${process.pid}-${String(++made).padStart(6, '0')}` // none is the beginning of another
    this.path = join(folder, this.mark)
  }

  /**
   * A command line for a descriptor: writes `begin PID`, does what it is told, and writes `end CODE`.
   * @param script what it does; without one it ends at once
   */
  command(script = ''): string {
    // The file stays open as descriptor 9, which children inherit, as they do the variable.
    return `export WITNESS=${this.mark}; exec 9>>'${this.path}'; echo "begin $$" >&9; (${script || ':'}); code=$?; echo "end $code" >&9; exit $code`
  }

  /** The pids of its begins, in order. */
  begins(): number[] {
    return this.#lines('begin ').map(Number)
  }

  /** The exit codes of its ends, in order. */
  ends(): number[] {
    return this.#lines('end ').map(Number)
  }

  /** How often it has said a word, as a line of its own, on descriptor 9. */
  saidTimes(word: string): number {
    return this.#lines(word).length
  }

  /** The living processes that bear its mark, the caller's excepted. */
  survivors(): number[] {
    return findMarked(this.mark, this.path)
  }

  #lines(start: string): string[] {
    let text = ''
    try {
      text = readFileSync(this.path, 'utf8')
    } catch {
      // It has not begun.
    }
    return text.split('\n').flatMap(line => (line.startsWith(start) ? [line.slice(start.length)] : []))
  }
}

/** Living processes whose argv or environment holds a mark, or which have a file open. */
export function findMarked(mark: string, path?: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && pid !== process.pid && isMarked(pid, mark, path) && isLiving(pid))
}

function isMarked(pid: number, mark: string, path: string | undefined): boolean {
  const holds = (file: string) =>
    quietly('', () => readFileSync(`/proc/${pid}/${file}`, 'latin1')).includes(mark)
  if (holds('cmdline') || holds('environ')) return true
  const files = quietly([] as string[], () => readdirSync(`/proc/${pid}/fd`))
  return (
    path !== undefined && files.some(fd => quietly('', () => readlinkSync(`/proc/${pid}/fd/${fd}`)) === path)
  )
}

/** What a process that may be gone shows. */
function quietly<T>(otherwise: T, read: () => T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
