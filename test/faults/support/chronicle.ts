/**
 * What the commands of one task did, run after run, as they wrote it themselves outside the pool; and a lock that a second
 * live run would trip over. Nothing of the code under test is asked.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLiving, startOf } from '../../support/processes.ts'

/**
 * What a command begins with. The lock is held by descriptor 8, which everything of a run inherits, so the kernel lets it go with the
 * last process, however that ends. The end is written with the signals of a stop ignored, so that none comes between it and the exit.
 */
const PRELUDE = `exec 9>>"$CHRONICLE" 8>>"$CHRONICLE.lock"
read -r stat </proc/$$/stat; set -- \${stat##*)}; shift 19
echo "begin $$ $1" >&9
flock -n 8 || echo "second $$ $1" >&9
finish() { trap '' INT TERM HUP; echo "end $$ $1" >&9; exit "$1"; }
`

/** One run of a command. */
export interface Deed {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: with the pid it means one process for good. */
  readonly start: number
  /** The exit code with which it ended by itself; undefined while it runs, and for ever where a signal ended it. */
  readonly code?: number | undefined
}

export class Chronicle {
  readonly path: string

  /** @param folder outside the pool */
  constructor(folder: string, name: string) {
    this.path = join(folder, `chronicle-${name}`)
  }

  /** A command for a descriptor. @param script what it does between its begin and its end, which is `finish CODE` */
  command(script: string): string {
    return `CHRONICLE='${this.path}'; export CHRONICLE\n${PRELUDE}${script}`
  }

  /** Its runs so far, the oldest first. */
  get deeds(): Deed[] {
    const deeds: Deed[] = []
    for (const [verb, pid, value] of this.#records) {
      if (verb === 'begin') deeds.push({ pid, start: value })
      const at = deeds.findLastIndex(deed => deed.pid === pid)
      const deed = deeds[at]
      if (verb === 'end' && deed) deeds[at] = { ...deed, code: value }
    }
    return deeds
  }

  /** Those of its runs whose command lives at this moment. */
  get living(): Deed[] {
    return this.deeds.filter(({ pid, start }) => startOf(pid) === start && isLiving(pid))
  }

  /** The pids of commands that began while something of another run lived. */
  get seconds(): number[] {
    return this.#records.filter(([verb]) => verb === 'second').map(([, pid]) => pid)
  }

  get #records(): [string, number, number][] {
    let text = ''
    try {
      text = readFileSync(this.path, 'utf8')
    } catch {
      // None has begun.
    }
    const lines = text.split('\n').slice(0, -1) // the last one is empty, or not whole
    return lines.map(line => {
      const [verb = '', pid, value] = line.split(' ')
      return [verb, Number(pid), Number(value)]
    })
  }
}
