/** Tests that need something of the machine: skipped with a reason where it is missing, failures in strict mode. */
import { test } from 'bun:test'

/** What must not be missing (SPMI_TEST_STRICT=1), or may be. */
type Weight = 'tool' | 'privilege'

/**
 * `test`, or what tells that something is missing.
 * @param weight a missing tool is a failure in strict mode; a privilege that the machine does not give never is
 */
export function needs(what: string, isThere: boolean, weight: Weight = 'tool') {
  return (name: string, body: () => void | Promise<void>, timeout = 20_000): void => {
    if (isThere) test(name, body, timeout)
    else if (weight === 'tool' && process.env.SPMI_TEST_STRICT === '1')
      test(name, () => {
        throw new Error(`${what} is missing`)
      })
    else test.skip(`${name} (skipped: ${what} is missing)`, () => {})
  }
}
