/** The output of a run from its beginning, while it grows and after it has ended. */
import type { Output, OutputChunk } from '../../core/connection.ts'
import { runFiles } from '../../store/layout.ts'
import { OutputReader } from '../../store/output.ts'

/** The outputs of a run, as far as they are there: one that waits in a queue has none yet. They take turns. */
export class RunOutput implements Output {
  readonly #buffer = new Uint8Array(1 << 16)
  readonly #paths: Readonly<Record<OutputChunk['stream'], string>>
  readonly #readers = new Map<OutputChunk['stream'], OutputReader>()
  #order: readonly OutputChunk['stream'][] = ['stdout', 'stderr']

  /** @param directory that of the run */
  constructor(directory: string) {
    this.#paths = { stdout: runFiles.stdout(directory), stderr: runFiles.stderr(directory) }
  }

  readOutput(): OutputChunk | undefined {
    for (const stream of this.#order) {
      const bytes = this.#open(stream)?.readOn(this.#buffer)
      if (bytes === undefined || bytes.length === 0) continue
      this.#order = [...this.#order.filter(other => other !== stream), stream]
      return { stream, bytes }
    }
    return undefined
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close()
    this.#readers.clear()
  }

  #open(stream: OutputChunk['stream']): OutputReader | undefined {
    const known = this.#readers.get(stream)
    if (known !== undefined) return known
    const reader = OutputReader.open(this.#paths[stream])
    if (reader !== undefined) this.#readers.set(stream, reader)
    return reader
  }
}
