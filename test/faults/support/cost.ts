/** What a program costs: its time and the most memory that it had. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, runProgram } from '../../support/spmi.ts'

export interface Cost {
  readonly outcome: Outcome
  /** Seconds of processor time, which a loaded machine does not make longer. */
  readonly time: number
  /** Mebibytes: the resident set at its largest. */
  readonly memory: number
}

let measuredSoFar = 0

/**
 * Runs a program and measures it. time(1) stands in between, because the kernel counts as a child's peak that of the process that has
 * forked it, and a test is large.
 */
export async function measureCost(
  argv: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<Cost> {
  const file = join(folder, `.cost-${++measuredSoFar}`)
  const program = ['/usr/bin/time', '--quiet', '-f', '%U %S %M', '-o', file, ...argv]
  const outcome = await runProgram(program, { environment, cwd: folder })
  const [user = Number.NaN, system = Number.NaN, kibibytes = Number.NaN] = readFileSync(file, 'utf8')
    .trim()
    .split(' ')
    .map(Number)
  rmSync(file)
  return { outcome, time: user + system, memory: kibibytes / 1024 }
}
