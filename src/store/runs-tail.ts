/** The output of the runs of one manageable, one run after the other: of those that are asked for, and of those to come. */
import { existsSync } from 'node:fs'
import { SpmiError } from '../errors.ts'
import { FolderWatch } from './folder-watch.ts'
import { manageableFiles, runFiles } from './layout.ts'
import { OutputTail, type TailPiece } from './output-tail.ts'
import { listRuns, type Run } from './run-store.ts'

/** The outputs of a run. */
export const STREAMS = ['stdout', 'stderr'] as const

/** One of the outputs of a run. */
export type Stream = (typeof STREAMS)[number]

/** A piece of the output of a run. */
export interface RunPiece extends TailPiece {
  readonly run: number
  readonly stream: Stream
}

interface StreamTail {
  readonly stream: Stream
  readonly tail: OutputTail
}

/** Reads the output of one run after the other. */
export class RunsTail {
  readonly #directory: string
  readonly #streams: readonly Stream[]
  #run: Run | undefined
  #tails: StreamTail[] = []
  #watches: { readonly runs: FolderWatch; readonly run: FolderWatch } | undefined
  #mayHaveNext = true

  /** @param directory that of the manageable */
  constructor(directory: string, streams: readonly Stream[]) {
    this.#directory = directory
    this.#streams = streams
  }

  /**
   * Goes to a run.
   * @param lines as an OutputTail takes them
   * @returns why one of the outputs that are there cannot be read, if there is one; the other is read all the same
   */
  open(run: Run, lines?: number): SpmiError | undefined {
    this.#closeTails()
    this.#run = run
    this.#watches?.run.watch(run.directory)
    let failure: SpmiError | undefined
    for (const stream of this.#streams) {
      const path = runFiles[stream](run.directory)
      try {
        this.#tails.push({ stream, tail: new OutputTail(path, lines) })
      } catch (error) {
        if (!(error instanceof SpmiError)) throw error
        failure ??= error
        this.#tails.push({ stream, tail: new OutputTail(path) }) // it may come back
      }
    }
    return failure
  }

  /** The next piece of what was there when the run was opened, of one stream after the other. */
  readOld(buffer: Uint8Array): RunPiece | undefined {
    for (const { stream, tail } of this.#tails) {
      const piece = tail.readOld(buffer)
      if (piece !== undefined) return { ...piece, stream, run: this.#run?.number ?? 0 }
    }
    return undefined
  }

  /** The next piece of the run that is open; undefined when there is none now. The streams take turns. */
  readOn(buffer: Uint8Array): RunPiece | undefined {
    for (const each of this.#tails) {
      const piece = each.tail.readOn(buffer)
      if (piece === undefined) continue
      this.#tails = [...this.#tails.filter(other => other !== each), each]
      return { ...piece, stream: each.stream, run: this.#run?.number ?? 0 }
    }
    return undefined
  }

  /**
   * The run after the one that is open; undefined while there is none. That one is over then, so what is read of it now is all
   * that there will be.
   */
  findNext(): Run | undefined {
    if (!this.#mayHaveNext) return undefined
    const next = this.#listRuns().find(({ number }) => number > (this.#run?.number ?? 0))
    this.#mayHaveNext = next !== undefined
    return next
  }

  /** None while they cannot be listed, which may pass. */
  #listRuns(): readonly Run[] {
    try {
      return listRuns(this.#directory)
    } catch (error) {
      if (!(error instanceof SpmiError)) throw error
      return []
    }
  }

  /** Calls back when there may be something to read. */
  watch(onChange: () => void): void {
    const onRuns = () => {
      this.#mayHaveNext = true
      onChange()
    }
    this.#watches = { runs: new FolderWatch(onRuns), run: new FolderWatch(onChange) }
    this.lookAgain()
  }

  /**
   * Looks for what a watch may not have told: no event is lost for good.
   * @returns false when the manageable is gone
   */
  lookAgain(): boolean {
    this.#mayHaveNext = true
    const runs = manageableFiles.runs(this.#directory)
    const isStarted = existsSync(runs)
    this.#watches?.runs.watch(isStarted ? runs : this.#directory)
    if (this.#run !== undefined) this.#watches?.run.watch(this.#run.directory)
    return isStarted || existsSync(this.#directory)
  }

  close(): void {
    this.#closeTails()
    this.#watches?.runs.close()
    this.#watches?.run.close()
  }

  #closeTails(): void {
    for (const { tail } of this.#tails) tail.close()
    this.#tails = []
  }
}
