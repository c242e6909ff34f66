/**
 * The benchmarks: `npm run bench -- [--check] [SCENARIO ...]`. They are no tests: the exit status says whether a limit
 * was missed only with --check, and a scenario that fails is 1 in any case. Everything is started, written and cleaned up in one temporary directory.
 */
import { type Comparison, type Findings, isOver } from './measure.ts'
import { describeMachine, renderTable } from './report.ts'
import { measureList } from './scenarios/list.ts'
import { measureMemory } from './scenarios/memory.ts'
import { measureOutput } from './scenarios/output.ts'
import { measurePeers } from './scenarios/peers.ts'
import { measureScreen } from './scenarios/screen.ts'
import { measureSlurm } from './scenarios/slurm.ts'
import { measureStart } from './scenarios/start.ts'
import { measureTrue } from './scenarios/true.ts'
import { measureWait } from './scenarios/wait.ts'
import { Scratch } from './scratch.ts'

const SCENARIOS: Readonly<Record<string, (scratch: Scratch) => Promise<Findings>>> = {
  list: measureList,
  start: measureStart,
  screen: measureScreen,
  slurm: measureSlurm,
  memory: measureMemory,
  true: measureTrue,
  wait: measureWait,
  output: measureOutput,
  peers: measurePeers,
}

async function main(): Promise<number> {
  const words = process.argv.slice(2)
  const names = words.filter(word => word !== '--check')
  const unknown = names.filter(name => SCENARIOS[name] === undefined)
  if (unknown.length > 0) {
    console.error(
      `No scenario ${unknown.join(', ')}; there are ${Object.keys(SCENARIOS).join(', ')}, and --check`,
    )
    return 2
  }
  const { comparisons, isBroken } = await measureAll(names.length > 0 ? names : Object.keys(SCENARIOS))
  return isBroken || (words.includes('--check') && comparisons.some(isOver)) ? 1 : 0
}

/** What was measured, and whether a scenario could not be measured to its end. */
interface Outcome {
  readonly comparisons: readonly Comparison[]
  readonly isBroken: boolean
}

async function measureAll(names: readonly string[]): Promise<Outcome> {
  const scratch = new Scratch()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      scratch.dispose()
      process.exit(1)
    })
  try {
    const comparisons: Comparison[] = []
    const remarks: string[] = []
    let isBroken = false
    for (const name of names) {
      console.error(`== ${name}`)
      try {
        const findings = await SCENARIOS[name]?.(scratch)
        comparisons.push(...(findings?.comparisons ?? []))
        remarks.push(...(findings?.remarks ?? []))
      } catch (error) {
        isBroken = true // the others are worth having all the same
        remarks.push(`${name}: FAILED: ${(error as Error).message}`)
      }
    }
    console.log(renderTable(comparisons))
    for (const remark of remarks) console.log(`- ${remark}`)
    console.log(describeMachine(scratch.folder))
    return { comparisons, isBroken }
  } finally {
    scratch.dispose()
  }
}

process.exitCode = await main()
