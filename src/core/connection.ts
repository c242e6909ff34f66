/** A connection to something active: its output, its input, and its terminal where it has one. */
import type { Attachment } from '../system/exec.ts'
import type { TerminalSize } from '../system/terminal.ts'

/** A piece of output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  /** Valid until the next piece is read. */
  readonly bytes: Uint8Array
}

/** The output of something, from its beginning on. */
export interface Output {
  /** The next piece; undefined when there is none now. */
  readOutput(): OutputChunk | undefined
  close(): void
}

/** A connection to something active. */
export interface Connection extends Output {
  /** Whether it has ended, so that no output will follow what is there. */
  isOver(): boolean
  /**
   * Passes bytes to its input, waiting while it is full.
   * @throws SpmiError `input-failed`
   */
  write(bytes: Uint8Array): Promise<void>
  /** Ends its input: it reads an end of file after what was written. */
  endInput(): Promise<void>
  /** The terminal that it runs on; undefined where it runs on none. */
  readonly terminal?: ConnectedTerminal | undefined
}

/** The terminal of what is connected to. What is typed there is written to its input, what it shows is its output. */
export interface ConnectedTerminal {
  /** A program that shows it, as it is now, on ours; undefined where there is none but us. */
  readonly attachment: Attachment | undefined
  /** Changes its size, of which the programs on it are told (SIGWINCH). */
  resize(size: TerminalSize): Promise<void>
}
