/**
 * What was asked of a run on the way, by `stop`, `kill`, `signal`, `pause` and `resume`: a file of its own for each. Its name says all that
 * a program wants to know, and appears at once; what it holds is for people.
 */
import { errnoOf } from '../errors.ts'
import { thisProcess } from '../system/process.ts'
import { DamagedFile } from './damage.ts'
import { createFile, listDirectory } from './files.ts'
import { runFiles } from './layout.ts'
import type { Run } from './run-store.ts'

/** Somebody asked for the end of a run, or for something on the way, and this signal was sent. */
export interface Asked {
  readonly verb: 'stop' | 'kill' | 'signal' | 'pause' | 'resume'
  readonly signal: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Whether the script was run again, so that it may have been asked of an earlier attempt. */
  readonly mayBeEarlier?: boolean
}

/** `asked.VERB-SIGNAL-AT-PID-COUNT-HOST`. Clocks are set, and differ between hosts, so the count says what came after what. */
const NAME = /^asked\.(stop|kill|signal|pause|resume)-([A-Z0-9]+)-(\d+)-\d+-(\d+)-/

/** Who asked for what so far, oldest first. */
export function readAsked(run: Run): Asked[] {
  const names = listDirectory(run.directory) ?? []
  const mayBeEarlier = names.some(name => name.startsWith('journal.'))
  return names
    .flatMap(name => {
      const [, verb, signal = '', at, count] = NAME.exec(name) ?? []
      return verb === undefined
        ? []
        : [{ verb: verb as Asked['verb'], signal, at: Number(at), count: Number(count), mayBeEarlier }]
    })
    .sort((a, b) => a.count - b.count || a.at - b.at)
}

/**
 * Writes down that a signal is about to be sent, before it is. What cannot be written down, on a full disk or a read-only one, is
 * sent all the same: whoever wants to end something then may want it the more. Only a pause would be shown as if it had not been.
 * A run that is removed at this moment is over.
 * @throws a system error where a pause cannot be written down
 */
export function writeAsked(run: Run, verb: Asked['verb'], signal: string): void {
  const by = thisProcess()
  const asked = { verb, signal, at: Date.now(), by }
  const suffix = `${verb}-${signal}-${asked.at}-${by.pid}-${countAsked(run) + 1}-${by.host}`
  try {
    createFile(runFiles.asked(run.directory, suffix), `${JSON.stringify(asked)}\n`)
  } catch (error) {
    if (errnoOf(error) === undefined || (verb === 'pause' && errnoOf(error) !== 'ENOENT')) throw error
  }
}

/** The highest count so far; 0 where it cannot be seen. */
function countAsked({ directory }: Run): number {
  try {
    const counts = (listDirectory(directory) ?? []).map(name => Number(NAME.exec(name)?.[4] ?? 0))
    return counts.reduce((most, count) => Math.max(most, count), 0)
  } catch (error) {
    if (error instanceof DamagedFile) return 0
    throw error
  }
}
