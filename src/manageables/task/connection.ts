/** The connection to an active task: its output as it comes, its input, and its terminal where it has one. */

import type { ConnectedTerminal, Connection, OutputChunk } from '../../core/connection.ts'
import { SpmiError } from '../../errors.ts'
import { FifoWriter } from '../../store/fifo.ts'
import { runFiles } from '../../store/layout.ts'
import { readJournal } from '../../store/run-store.ts'
import type { Attachment, Environment } from '../../system/exec.ts'
import { hasOpen } from '../../system/open-files.ts'
import { isAlive, type ProcessIdentity, signalProcess } from '../../system/process.ts'
import { sleep } from '../../system/sleep.ts'
import { Terminal, type TerminalSize } from '../../system/terminal.ts'
import type { ObservedRun } from './observe.ts'
import { RunOutput } from './run-output.ts'

/** Milliseconds in which a task must take some of the input that is offered to it. */
const INPUT_TIMEOUT = 30_000

/** What a terminal takes for an end of file, in its usual mode (termios(3), VEOF). */
const END_OF_FILE = Uint8Array.of(4)

/** Output and input of a run. */
export class TaskConnection implements Connection {
  readonly #id: string
  readonly #run: ObservedRun
  readonly #wrapper: ProcessIdentity
  readonly #output: RunOutput
  #input: FifoWriter | undefined
  /** How many bytes its FIFO has taken. */
  #sent = 0
  readonly terminal: ConnectedTerminal | undefined

  /**
   * @param run a run whose wrapper has come
   * @param terminal its terminal, where it has one
   */
  constructor(
    id: string,
    run: ObservedRun & { readonly wrapper: ProcessIdentity },
    terminal: ConnectedTerminal | undefined,
  ) {
    this.#id = id
    this.#run = run
    this.#wrapper = run.wrapper
    this.#output = new RunOutput(run.files.directory)
    this.terminal = terminal
  }

  isOver(): boolean {
    // A session manager may end the session a moment before the wrapper has ended, which recorded the end before that.
    return !isAlive(this.#wrapper) || readJournal(this.#run.files)?.ended !== undefined
  }

  readOutput(): OutputChunk | undefined {
    return this.#output.readOutput()
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      this.#input ??= this.#openInput()
      await this.#writeAll(this.#input, bytes)
    } catch (error) {
      if (!(error instanceof SpmiError)) throw error
      throw new SpmiError(error.code, `cannot pass input to manageable "${this.#id}": ${error.message}`, {
        cause: error,
        hint: this.#sent === 0 ? undefined : `${this.#sent} bytes were sent before`,
      })
    }
  }

  /** Opens the FIFO that the wrapper has open, and no other one that has come into its place. */
  #openInput(): FifoWriter {
    const input = FifoWriter.open(runFiles.stdin(this.#run.files.directory))
    const isClosed = this.#run.journal?.closed !== undefined // by the wrapper, and the command may read it still
    if (isClosed || hasOpen(this.#wrapper.pid, input.identity) !== false) return input
    input.close()
    throw new SpmiError('input-failed', 'another FIFO stands in the place of its own')
  }

  async #writeAll(input: FifoWriter, bytes: Uint8Array): Promise<void> {
    let until = performance.now() + INPUT_TIMEOUT
    for (let written = 0; written < bytes.length; ) {
      const taken = input.write(bytes.subarray(written))
      written += taken
      this.#sent += taken
      if (taken > 0) until = performance.now() + INPUT_TIMEOUT
      else if (this.isOver()) throw new SpmiError('input-failed', 'it has ended')
      else if (performance.now() > until) throw new SpmiError('input-failed', 'it does not read its input')
      else await sleep(5)
    }
  }

  async endInput(): Promise<void> {
    if (this.terminal) return this.write(END_OF_FILE)
    this.#input?.close()
    this.#input = undefined
    signalProcess(this.#wrapper, 'SIGURG') // the wrapper closes its end; see default.sh
  }

  close(): void {
    this.#input?.close()
    this.#input = undefined
    this.#output.close()
  }
}

/** The terminal of a run, which is there as long as the run's command. */
export class TaskTerminal implements ConnectedTerminal {
  readonly attachment: Attachment | undefined
  readonly #command: ProcessIdentity
  readonly #terminal: Terminal

  private constructor(command: ProcessIdentity, terminal: Terminal, attachment: Attachment | undefined) {
    this.#command = command
    this.#terminal = terminal
    this.attachment = attachment
  }

  /** The terminal that a run has recorded; undefined where it has none. */
  static of(run: ObservedRun, environment: Environment): TaskTerminal | undefined {
    const { command, terminal } = run.journal?.spawned ?? {}
    if (command === undefined || terminal === undefined) return undefined
    return new TaskTerminal(command, new Terminal(terminal, environment), run.backend.attach(run))
  }

  async resize(size: TerminalSize): Promise<void> {
    if (isAlive(this.#command)) await this.#terminal.resize(size)
  }
}
