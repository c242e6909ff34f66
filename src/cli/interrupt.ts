/** ^C, where a command has something to do on it. */
import type { CliContext } from './context.ts'

/**
 * Calls back on ^C until it is told to stop. A terminal has shown `^C` by then, so what follows begins on a line of its own.
 * @returns the function that tells so
 */
export function onInterrupt({ onSignal, stderr, stdout }: CliContext, callback: () => void): () => void {
  return onSignal(['SIGINT'], () => {
    const terminal = [stderr, stdout].find(({ isTerminal }) => isTerminal)
    terminal?.write('\n')
    callback()
  })
}
