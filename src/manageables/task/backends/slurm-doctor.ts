/**
 * Whether Slurm can be used: its programs, its controller, the partitions that tasks want, and whether it keeps accounts.
 * Clients wait for minutes for a controller that is away, or for a missing slurm.conf, so each has a deadline. Measured
 * with 22.05.
 */
import type { Environment } from '../../../system/exec.ts'
import {
  ask,
  examineProgram,
  examineVersion,
  type Finding,
  ok,
  problem,
  warning,
} from '../../../system/finding.ts'
import type { Directives } from './slurm-directives.ts'

/** Examines Slurm. @param uses the options of the tasks that use it */
export async function examineSlurm(
  environment: Environment,
  uses: readonly Directives[],
): Promise<readonly Finding[]> {
  const program = examineProgram('sbatch', 'slurm-client', environment)
  if (program.level !== 'ok') return [program]
  const [version, controller, partitions, accounting] = await Promise.all([
    ask(['sbatch', '--version'], environment),
    examineController(environment),
    examinePartitions(environment, uses),
    examineAccounting(environment),
  ])
  if (controller.level !== 'ok') return [program, controller] // no client can say more, not even its version
  return [program, examineVersion(version, { tested: '22.05' }), controller, ...partitions, accounting]
}

async function examineController(environment: Environment): Promise<Finding> {
  const { text, failure } = await ask(['scontrol', 'ping'], environment)
  const words = (text ?? failure).trim().replaceAll(/ *\n */g, ' | ')
  if (/ is UP\b/.test(words)) return ok('controller', words)
  return problem('controller', words, 'see that SLURM_CONF is right, or ask those who run the cluster')
}

/** The partitions that tasks name, or all where they name none. */
async function examinePartitions(environment: Environment, uses: readonly Directives[]): Promise<Finding[]> {
  const { text, failure } = await ask(['sinfo', '--noheader', '--format=%R|%a|%T'], environment)
  if (text === undefined) return [warning('partitions', `unknown: ${failure}`)]
  const partitions = parsePartitions(text)
  const known = [...new Set(partitions.map(({ name }) => name))]
  const wanted = [...new Set(uses.flatMap(({ partition }) => partition?.split(',') ?? []))]
  const names = wanted.length > 0 ? wanted : known
  const findings = names.flatMap(name => {
    const states = partitions.filter(partition => partition.name === name)
    if (states.length === 0)
      return [problem('partitions', `there is no "${name}"`, `the partitions are ${known.join(', ')}`)]
    if (states.some(({ isUp, nodes }) => isUp && !UNUSABLE.test(nodes))) return []
    const described = states.map(({ isUp, nodes }) => `${isUp ? 'up' : 'not up'}, nodes ${nodes}`)
    return [warning('partitions', `jobs for "${name}" will wait: ${described.join('; ')}`)]
  })
  return findings.length > 0 ? findings : [ok('partitions', names.join(', '))]
}

/** The states of nodes that take no job. A mark may follow, such as "*" for a node that does not answer. */
const UNUSABLE = /^(down|drain|drained|draining|fail|failing|maint|unknown)|\*$/

/** Lines `NAME|AVAILABILITY|STATE OF NODES`, one for each state. Source: sinfo(1). */
function parsePartitions(text: string) {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split('|'))
    .map(([name = '', availability, nodes = '']) => ({ name, isUp: availability === 'up', nodes }))
}

/** Accounts tell how a job ended that the controller has forgotten. Without them the journal alone does. */
async function examineAccounting(environment: Environment): Promise<Finding> {
  const config = await ask(['scontrol', 'show', 'config'], environment)
  if (config.text === undefined) return warning('accounting', `unknown: ${config.failure}`)
  const storage = /^AccountingStorageType\s*=\s*(\S+)/m.exec(config.text)?.[1]
  if (storage === undefined || storage.endsWith('/none')) return ok('accounting', 'off, and not needed')
  const { failure } = await ask(['sacct', '--noheader', '--allocations', '--starttime=now'], environment)
  return failure === undefined ? ok('accounting', `answers (${storage})`) : warning('accounting', failure)
}
