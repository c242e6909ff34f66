/**
 * Shows the output of a task on our streams as it comes: byte by byte, or on a terminal made harmless, as `logs` shows it. What is
 * not a whole line is shown at once, because it may be a question.
 */
import type { OutputChunk } from '../core/connection.ts'
import type { CliContext, Output } from './context.ts'
import { statesOf } from './style.ts'

/** What may be the beginning of an escape sequence, of a new line, or of another state of a line. Source: ECMA-48, 5.3 to 5.6. */
const UNFINISHED =
  /(?:\r+|\x1b[ -/]*|(?:\x1b\[|\x9b)[0-?]*[ -/]*|(?:\x1b[\]PX^_k]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*\x1b?)$/

/** How many characters of a beginning are kept until its end comes. One that is longer is shown. */
const KEPT = 1000

/** What takes back a line. Source: ECMA-48, 8.3.41 (erase in line). */
const ERASE = '\r\x1b[K'

/** Shows stdout and stderr of a task. */
export class OutputDisplay {
  readonly #streams: Readonly<Record<OutputChunk['stream'], Pick<HarmlessText, 'write' | 'end'>>>

  constructor(context: Pick<CliContext, 'stdout' | 'stderr' | 'environment'>) {
    const erase = context.environment.TERM === 'dumb' ? '\n' : ERASE
    const open = (output: Output) =>
      output.isTerminal
        ? new HarmlessText(output, erase)
        : { write: (bytes: Uint8Array) => output.write(bytes), end: () => {} }
    this.#streams = { stdout: open(context.stdout), stderr: open(context.stderr) }
  }

  show({ stream, bytes }: OutputChunk): void {
    this.#streams[stream].write(bytes)
  }

  /** Shows what was kept back. */
  end(): void {
    for (const stream of Object.values(this.#streams)) stream.end()
  }
}

/** One output on a terminal. */
class HarmlessText {
  readonly #output: Output
  readonly #erase: string
  readonly #decoder = new TextDecoder()
  /** The beginning of what was not whole. */
  #rest = ''

  constructor(output: Output, erase: string) {
    this.#output = output
    this.#erase = erase
  }

  write(bytes: Uint8Array): void {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true })
    const end = text.slice(-KEPT)
    const unfinished = UNFINISHED.exec(end)?.[0] ?? ''
    this.#rest = unfinished.length < KEPT ? unfinished : ''
    this.#show(text.slice(0, text.length - this.#rest.length))
  }

  end(): void {
    this.#show(this.#rest + this.#decoder.decode())
    this.#rest = ''
  }

  #show(text: string): void {
    const lines = text.split('\n').map(line => statesOf(line).join(this.#erase))
    this.#output.write(lines.join('\n'))
  }
}
