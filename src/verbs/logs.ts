/** logs: the output of the selected manageables, as it is there and as it comes. */
import type { Failure } from '../core/failure.ts'
import type { Manageable } from '../core/manageable.ts'
import { SpmiError } from '../errors.ts'
import { listRuns, type Run, readJournal, readStarter } from '../store/run-store.ts'
import { type RunPiece, RunsTail, STREAMS, type Stream } from '../store/runs-tail.ts'
import { sleep, Turns } from '../system/sleep.ts'
import type { Report, Selection } from './select.ts'
import { explainUnreadable } from './show.ts'

export type { RunPiece, Stream }

/** What of the output is wanted. */
export interface LogsChoice {
  /** Default: all. */
  readonly streams?: readonly Stream[] | undefined
  /** The number of a run. Default: the last one. */
  readonly run?: number | undefined
  /** Instead of one run all runs that began then or later. */
  readonly since?: Date | undefined
  /** How many of the last lines of each output that is there. Default: all. */
  readonly lines?: number | undefined
}

/** Gets what is read. */
export interface LogsReader {
  /** A piece of output, which need not end with a line; valid until the call returns. */
  onPiece(manageable: Manageable, piece: RunPiece): void
  /** A run whose output comes next, where it is another one than the last. */
  onRun?(manageable: Manageable, run: number): void
  /** It has no run that was asked for. @param error where one was asked for by its number */
  onNone?(manageable: Manageable, error?: SpmiError): void
  /** All that there is has been read for now. */
  onPause?(): void
}

/** Milliseconds between two looks at what events do not tell: files that other hosts write. */
const LOOK_PAUSE = 1000

/** Milliseconds for which output is left to collect, so that a busy task costs few wake-ups. */
const COLLECT_PAUSE = 20

const BUFFER = 1 << 16

interface Log {
  readonly manageable: Manageable
  readonly tail: RunsTail
}

/**
 * Reads the output of the selected manageables: what is there, of one after the other, and then what comes.
 * @param signal ends the following; undefined for what is there alone
 * @returns the selection, and those that do not have the run that was asked for
 */
export async function readLogs(
  selection: Selection,
  choice: LogsChoice,
  reader: LogsReader,
  signal?: AbortSignal,
): Promise<Selection & Pick<Report, 'failed'>> {
  const logs = new Logs(choice, reader)
  const failed: { manageable: Manageable; error: SpmiError }[] = []
  try {
    for (const manageable of selection.manageables) {
      if (signal?.aborted) break
      try {
        if ((await logs.read(manageable, signal)) === 0) reader.onNone?.(manageable)
      } catch (thrown) {
        if (!(thrown instanceof SpmiError)) throw thrown
        const error = explainUnreadable(thrown, manageable)
        failed.push({ manageable, error })
        reader.onNone?.(manageable, error)
      }
    }
    if (signal !== undefined) await logs.follow(signal)
    return { ...selection, failed }
  } finally {
    logs.close()
  }
}

/** The output of some manageables. */
class Logs {
  readonly #logs: Log[] = []
  readonly #choice: LogsChoice
  readonly #reader: LogsReader
  readonly #buffer = new Uint8Array(BUFFER)

  constructor(choice: LogsChoice, reader: LogsReader) {
    this.#choice = choice
    this.#reader = reader
  }

  /**
   * Reads what is there of one manageable, and opens it for `follow`.
   * @returns how many runs were read
   * @throws SpmiError `missing` when it has no such run; `damaged` when one of its outputs is no file
   */
  async read(manageable: Manageable, signal: AbortSignal | undefined): Promise<number> {
    const { streams = STREAMS, lines = Number.POSITIVE_INFINITY, since } = this.#choice
    const runs = listRuns(manageable.directory)
    const chosen = chooseRuns(manageable, runs, this.#choice)
    const tail = new RunsTail(manageable.directory, streams)
    this.#logs.push({ manageable, tail })
    const turns = new Turns()
    let failure: Failure
    for (const run of chosen) {
      if (since !== undefined) this.#reader.onRun?.(manageable, run.number)
      failure = tail.open(run, lines) ?? failure
      for (let piece = tail.readOld(this.#buffer); piece; piece = tail.readOld(this.#buffer)) {
        this.#reader.onPiece(manageable, piece)
        await turns.pass()
        if (signal?.aborted) return chosen.length
      }
    }
    const last = runs.at(-1)
    if (chosen.length === 0 && last !== undefined) tail.open(last, 0)
    if (failure) throw failure
    return chosen.length
  }

  /**
   * Goes on with what comes, of the runs that were read last and of all after them, until `signal` is aborted or all manageables
   * have been cleaned.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const going = new Set(this.#logs)
    const ready = new Set(going)
    let waking = new AbortController()
    signal.addEventListener('abort', () => waking.abort())
    for (const log of going)
      log.tail.watch(() => {
        ready.add(log)
        waking.abort()
      })
    for (let looked = performance.now(); going.size > 0 && !signal.aborted; ) {
      await this.#readReady(ready, signal)
      this.#reader.onPause?.()
      await sleep(COLLECT_PAUSE, signal)
      const left = LOOK_PAUSE - (performance.now() - looked)
      if (left > 0 && ready.size === 0 && !signal.aborted) {
        waking = new AbortController()
        await sleep(left, waking.signal)
      }
      if (performance.now() - looked < LOOK_PAUSE) continue
      looked = performance.now()
      for (const log of going) {
        ready.add(log)
        if (!log.tail.lookAgain()) going.delete(log)
      }
    }
    await this.#readReady(ready, signal)
  }

  /** Reads, taking turns, what is ready and what becomes ready meanwhile; after some time also if there is more. */
  async #readReady(ready: Set<Log>, signal: AbortSignal): Promise<void> {
    const busy = new Set<Log>()
    const begin = performance.now()
    const turns = new Turns()
    do {
      for (const log of ready) busy.add(log)
      ready.clear()
      for (const log of busy) if (!this.#readPiece(log)) busy.delete(log)
      await turns.pass()
    } while (busy.size > 0 && performance.now() - begin < LOOK_PAUSE && !signal.aborted)
    for (const log of busy) ready.add(log)
  }

  /** @returns false when there is nothing to read now */
  #readPiece({ manageable, tail }: Log): boolean {
    const piece = tail.readOn(this.#buffer)
    if (piece !== undefined) {
      this.#reader.onPiece(manageable, piece)
      return true
    }
    const next = tail.findNext()
    if (next === undefined) return false
    for (let rest = tail.readOn(this.#buffer); rest; rest = tail.readOn(this.#buffer))
      this.#reader.onPiece(manageable, rest) // it has come after the last read
    tail.open(next)
    this.#reader.onRun?.(manageable, next.number)
    return true
  }

  close(): void {
    for (const { tail } of this.#logs) tail.close()
  }
}

function chooseRuns({ id }: Manageable, runs: readonly Run[], { run, since }: LogsChoice): readonly Run[] {
  if (since !== undefined) return runs.filter(each => beginOf(each) >= since.getTime())
  if (run === undefined) return runs.slice(-1)
  const found = runs.filter(({ number }) => number === run)
  if (found.length > 0) return found
  throw new SpmiError('missing', `manageable "${id}" has no run ${run}`, {
    hint: '"spmi history" shows the runs',
    id,
  })
}

/** Milliseconds since the epoch. */
function beginOf(run: Run): number {
  return readJournal(run)?.spawned?.at ?? readStarter(run)?.at ?? 0
}
