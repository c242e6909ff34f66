/** Did-you-mean: the nearest right name for a wrong one. */
import { closest, distance } from 'fastest-levenshtein'

/** `did you mean "x"?` for the nearest candidate, or undefined when none is near. */
export function suggest(wrong: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined
  const nearest = closest(wrong, candidates)
  const length = Math.max(wrong.length, nearest.length)
  // Two neighbours in the wrong order are a distance of 2: "strat", "ehco".
  const isNear = distance(wrong, nearest) <= (length < 4 ? 1 : Math.max(2, Math.floor(length / 3)))
  return isNear && nearest !== wrong ? `did you mean "${nearest}"?` : undefined
}
