/** One thing done to many at once, and what came of each. */
import { SpmiError } from '../errors.ts'

/** Does one thing to each item at once. @returns for each one why it failed, or undefined; bugs are thrown */
export async function settleAll<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<readonly (SpmiError | undefined)[]> {
  return Promise.all(
    items.map(async item => {
      try {
        await act(item)
        return undefined
      } catch (error) {
        if (error instanceof SpmiError) return error
        throw error
      }
    }),
  )
}
