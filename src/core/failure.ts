/** How a manageable fared in a command on many. */
import type { SpmiError } from '../errors.ts'

/** Why it was not done; undefined when all went well. */
export type Failure = SpmiError | undefined

/** Throws why one manageable failed, if it did. */
export function throwFailure([failure]: readonly Failure[]): void {
  if (failure) throw failure
}
