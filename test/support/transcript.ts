/**
 * What was typed and what was printed, as a text: lines that begin with `$ `, each followed by what the command printed, standard
 * error and output in one. And what in such a text is another thing each time.
 */
import { expect } from 'bun:test'
import { type Outcome, runProgram, until } from './spmi.ts'

/** A command and all that it prints, standard error and output in one. */
export interface ShownCommand {
  readonly command: string
  readonly printed: string
}

/** The commands of a text, in order. What stands before the first one is passed over. */
export function readTranscript(text: string): ShownCommand[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map(shown => {
      const [command = '', ...lines] = shown.split('\n')
      return { command, printed: lines.join('\n') }
    })
}

/**
 * Types a command into a shell. The variables that it sets are those of the next one in this folder. @returns what it printed, standard
 * error and output in one
 */
export function typeCommand(cwd: string, command: string, environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const script = `[ ! -e .vars ] || . ./.vars; { ${command}\n} 2>&1; code=$?; export -p >.vars; exit "$code"`
  return runProgram(['sh', '-c', script], { environment, cwd, timeout: 60_000 })
}

/**
 * Types a command and sees that it prints what is shown, and ends well.
 * @param options `type` types it; `mask` is applied to both texts; `isState` tells whether it shows how things are, so that it may be
 *   typed again until they are so
 */
export async function expectShown(
  { command, printed }: ShownCommand,
  options: {
    readonly type: (command: string) => Promise<Outcome>
    readonly mask: (text: string) => string
    readonly isState: (command: string) => boolean
  },
): Promise<void> {
  const { type, mask, isState } = options
  let outcome = await type(command)
  const isAsShown = async () => {
    if (mask(outcome.stdout) === mask(printed)) return true
    outcome = await type(command)
    return false
  }
  if (isState(command)) await until(isAsShown, 20_000).catch(() => {}) // that it never was the comparison tells better
  expect(mask(outcome.stdout)).toBe(mask(printed))
  expect(outcome.status).toBe(0)
}

/**
 * A text without what is another thing each time: times, process ids, and some paths.
 * @param names names for paths, by the paths
 */
export function mask(text: string, names: Readonly<Record<string, string>> = {}): string {
  let masked = text
  for (const [path, name] of Object.entries(names)) masked = masked.replaceAll(path, name)
  return masked
    .replaceAll(
      /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?/g,
      (_, milliseconds) => `YYYY-MM-DD HH:MM:SS${milliseconds ? ',MS' : ''}`,
    )
    .replaceAll(/\(\d+:\d\d:\d\d ago\)/g, '(AGO)')
    .replaceAll(/^( *Backend ID| *PID): \d+$/gm, '$1: N')
    .trimEnd()
}
