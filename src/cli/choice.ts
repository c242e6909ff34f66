/** The choice of a backend on the command line: --backend and --set. */
import type { Choice } from '../core/start.ts'
import type { Assignment } from './options.ts'

/** Reads the values of --set as TOML does. */
export async function readChoice(options: {
  readonly backend: string | undefined
  readonly set: readonly Assignment[]
}): Promise<Choice> {
  const { backend, set } = options
  if (set.length === 0) return { backend }
  const { parseValue } = await import('../core/syntax.ts')
  const pairs = set.map(async ({ key, text }) => [key, await parseValue(text)] as const)
  return { backend, set: Object.fromEntries(await Promise.all(pairs)) }
}
