/** What a command may touch: the only place where the program meets its process. */
import type { Readable } from 'node:stream'
import { restoreArguments, restoreVariables } from '../system/byte-text.ts'
import type { SignalName } from '../system/process.ts'
import { isTerminal, readLine, writeAll } from '../system/streams.ts'

/** An output stream of the program. */
export interface Output {
  readonly isTerminal: boolean
  /** The width of the terminal; undefined where there is none. */
  readonly columns?: number | undefined
  write(data: string | Uint8Array): void
}

/** What a command may touch. */
export interface CliContext {
  /** The arguments after the program's name; what is not UTF-8 as in `system/byte-text.ts`. */
  readonly argv: readonly string[]
  /** Likewise. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly umask: number
  readonly stdout: Output
  readonly stderr: Output
  /** Opened when it is first asked for: an open standard input keeps a program alive. */
  readonly openStdin: () => Promise<{ readonly isTerminal: boolean; readonly stream: Readable }>
  /** Asks the person at the terminal, and waits for a line; undefined where nobody is there, or has nothing more to say (^D). */
  readonly ask: (question: string) => Promise<string | undefined>
  readonly now: () => Date
  /** Calls back on each of these signals until it is told to stop. @returns the function that tells so */
  readonly onSignal: (signals: readonly SignalName[], callback: () => void) => () => void
}

/** The context of the running program. */
export async function processContext(): Promise<CliContext> {
  return {
    argv: restoreArguments(process.argv.slice(2)),
    environment: restoreVariables(process.env),
    cwd: process.cwd(),
    umask: process.umask(),
    stdout: await openOutput(1, () => process.stdout),
    stderr: await openOutput(2, () => process.stderr),
    openStdin: async () => ({
      isTerminal: await isTerminal(0),
      get stream() {
        return process.stdin
      },
    }),
    ask: async question => {
      if (!(await isTerminal(0)) || !(await isTerminal(2))) return undefined
      writeAll(2, question)
      return readLine(0)
    },
    now: () => new Date(),
    onSignal: (signals, callback) => {
      for (const signal of signals) process.on(signal, callback)
      return () => {
        for (const signal of signals) process.off(signal, callback)
      }
    },
  }
}

/** @param open opens the stream of the runtime, which is slow to load and asked only for the width */
async function openOutput(fd: number, open: () => { readonly columns?: number }): Promise<Output> {
  const isScreen = await isTerminal(fd)
  return {
    isTerminal: isScreen,
    get columns() {
      return isScreen ? open().columns || undefined : undefined // a terminal without a size has 0
    },
    write: data => writeAll(fd, data),
  }
}
