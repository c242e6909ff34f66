/** Did-you-mean: the nearest right name for a wrong one, or the only one that begins with it. */

/** A beginning that is shorter than this could be that of anything. */
const LEAST_BEGINNING = 3

/** `did you mean "x"?` for the nearest candidate, or undefined when none is near. */
export function suggest(wrong: string, candidates: readonly string[]): string | undefined {
  if (candidates.includes(wrong)) return undefined
  const meant = findNearest(wrong, candidates) ?? findContinued(wrong, candidates)
  return meant === undefined ? undefined : `did you mean "${meant}"?`
}

function findNearest(wrong: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const length = Math.max(wrong.length, candidate.length)
    const limit = length < 4 ? 1 : Math.max(2, Math.floor(length / 3))
    const steps = countSteps(wrong, candidate, Math.min(limit, least - 1))
    if (steps === undefined) continue
    nearest = candidate
    least = steps
  }
  return nearest
}

/** The candidate that begins with what is there: "--dry" for "--dry-run". */
function findContinued(beginning: string, candidates: readonly string[]): string | undefined {
  if (beginning.replace(/^-+/, '').length < LEAST_BEGINNING) return undefined
  const [continued, ...others] = candidates.filter(candidate => candidate.startsWith(beginning))
  return others.length === 0 ? continued : undefined
}

/** The fewest steps from a beginning of one word to each beginning of the other. */
type Row = Uint16Array<ArrayBuffer>

/**
 * How many slips of the hand lie between two words: a letter too many, one left out, a wrong one, or two neighbours in the wrong
 * order. Source: the optimal string alignment distance; of the rows of its table three are needed at a time.
 * @returns undefined when they are more than the limit
 */
function countSteps(from: string, to: string, limit: number): number | undefined {
  if (Math.abs(from.length - to.length) > limit) return undefined
  const makeRow = (): Row => new Uint16Array(to.length + 1)
  let rows = [makeRow(), makeRow().map((_, column) => column), makeRow()] as const
  for (let row = 1; row <= from.length; row++) {
    const [beforeLast, last, steps] = rows
    const letter = from[row - 1]
    let fewest = row
    steps[0] = row
    for (let column = 1; column <= to.length; column++) {
      const isSame = letter === to[column - 1]
      const isSwapped = letter === to[column - 2] && from[row - 2] === to[column - 1]
      const replaced = at(last, column - 1) + (isSame ? 0 : 1)
      const least = Math.min(replaced, at(last, column) + 1, at(steps, column - 1) + 1)
      steps[column] = isSwapped ? Math.min(least, at(beforeLast, column - 2) + 1) : least
      fewest = Math.min(fewest, at(steps, column))
    }
    if (fewest > limit) return undefined // what a swap reaches over is no nearer than this row
    rows = [last, steps, beforeLast]
  }
  const total = at(rows[1], to.length)
  return total <= limit ? total : undefined
}

const at = (row: Row, column: number) => row[column] as number
