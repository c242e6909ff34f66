/**
 * Patterns select manageables by their whole id. The engine is RE2's: its time is linear in the length of pattern
 * and id, so that no pattern can hang a command; look-around and back-references do not exist in it.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { SpmiError } from '../errors.ts'

/** Matches whole ids against some patterns. */
export class PatternMatcher {
  readonly patterns: readonly string[]
  readonly #compiled: readonly RE2JS[]

  /** @throws SpmiError `usage` when a pattern is not a regular expression of RE2's syntax */
  constructor(patterns: readonly string[]) {
    this.patterns = patterns
    this.#compiled = patterns.map(compile)
  }

  /** The indices of the patterns that match the whole of an id. */
  match(id: string): number[] {
    const matches: number[] = []
    for (const [index, pattern] of this.#compiled.entries()) if (pattern.matches(id)) matches.push(index)
    return matches
  }
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
