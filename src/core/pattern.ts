/**
 * Patterns select manageables by their whole id. The engine is RE2's: its time is linear in the length of pattern
 * and id, so that no pattern can hang a command; look-around and back-references do not exist in it.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { SpmiError } from '../errors.ts'

/** Matches whole ids against some patterns. */
export class PatternMatcher {
  readonly patterns: readonly string[]
  readonly #matchers: readonly ((id: string) => boolean)[]

  /** @throws SpmiError `usage` when a pattern is not a regular expression of RE2's syntax */
  constructor(patterns: readonly string[]) {
    this.patterns = patterns
    this.#matchers = patterns.map(toMatcher)
  }

  /** The indices of the patterns that match the whole of an id. */
  match(id: string): number[] {
    const found: number[] = []
    for (const [index, matches] of this.#matchers.entries()) if (matches(id)) found.push(index)
    return found
  }
}

/** What an engine takes longest for is what is asked for most: everything, and one id. */
function toMatcher(pattern: string): (id: string) => boolean {
  if (pattern === '.*') return id => !id.includes('\n')
  if (/^[\w-]+$/.test(pattern)) return id => id === pattern
  const compiled = compile(pattern)
  return id => compiled.matches(id)
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    throw new SpmiError('usage', `invalid pattern "${pattern}": ${error.message.replace(/\s+/g, ' ')}`, {
      hint: 'patterns are regular expressions of RE2 syntax, without look-around and back-references',
      cause: error,
    })
  }
}
