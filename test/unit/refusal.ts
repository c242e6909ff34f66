/** What was refused, and in which words. */
import { SpmiError } from '../../src/errors.ts'

/** The SpmiErrors that something throws, one or several; fails when it throws none, or a bug. */
export async function refusals(act: () => unknown): Promise<SpmiError[]> {
  try {
    await act()
  } catch (error) {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
    for (const each of errors) if (!(each instanceof SpmiError)) throw each
    return errors as SpmiError[]
  }
  throw new Error('nothing was refused')
}

/** The one SpmiError that something throws. */
export async function refusal(act: () => unknown): Promise<SpmiError> {
  const [error, ...others] = await refusals(act)
  if (error === undefined || others.length > 0)
    throw new Error(`${others.length + 1} refusals instead of one`)
  return error
}
