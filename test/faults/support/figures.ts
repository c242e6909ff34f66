/**
 * The figures of the fault suite. Each is written down when it is counted, a line each, so that nothing is lost with a test that fails:
 * `$SPMI_FAULTS_FIGURES` names the file, which `scripts/test-faults.sh` adds up.
 */
import { expect } from 'bun:test'
import { appendFileSync } from 'node:fs'

/** What was tried. */
export type Effort = 'cases' | 'injections' | 'rounds' | 'inputs'

/** What must never be found: state that is neither old nor new, a false word about a run, processes left, processes of others hit. */
export type Fault = 'torn states' | 'lies' | 'survivors' | 'innocents hit'

export function count(effort: Effort, amount = 1): void {
  write(effort, amount)
}

/**
 * Fails unless nothing was found, and counts the look.
 * @param found each fault in words that help to find it again: the round, the seed, what was seen
 */
export function expectNone(fault: Fault, found: readonly unknown[]): void {
  write(`looks for ${fault}`, 1)
  write(fault, found.length)
  expect(found).toEqual([])
}

/** A measured figure that docs/reliability.md quotes, such as the time of a kill. */
export function measured(what: string, figure: string): void {
  write(`${what}: ${figure}`, 0)
}

function write(name: string, amount: number): void {
  const path = process.env.SPMI_FAULTS_FIGURES
  if (path) appendFileSync(path, `${amount}\t${name}\n`)
}
