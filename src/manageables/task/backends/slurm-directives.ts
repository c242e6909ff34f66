/** The #SBATCH lines of a job. Source: sbatch(1), 22.05. */
import type { Environment } from '../../../system/exec.ts'
import type { BackendJob, BackendOptions } from './backend.ts'
import type { SlurmOptions } from './slurm-schema.ts'

/** The options of a task, as `load` has checked them. */
export type Directives = BackendOptions & SlurmOptions

/** Our keys, the options of sbatch that they stand for, and the variables that hold the user's defaults for these. */
const KEYS = [
  ['partition', '--partition', 'SBATCH_PARTITION'],
  ['time', '--time', 'SBATCH_TIMELIMIT'],
  ['nodes', '--nodes'],
  ['tasks', '--ntasks'],
  ['cpus_per_task', '--cpus-per-task'],
  ['memory', '--mem'],
  ['gpus', '--gpus', 'SBATCH_GPUS'],
  ['account', '--account', 'SBATCH_ACCOUNT'],
  ['qos', '--qos', 'SBATCH_QOS'],
] as const

/** The lines for a job: what the run needs first, then what the descriptor says. */
export function toDirectives({ name, script, options }: BackendJob, environment: Environment): string[] {
  const own = options as Directives
  const words = [
    `--job-name=${own.job_name ?? name}`,
    // Slurm takes these characters of a path for its own, also those of the directory.
    `--output=${/[%\\]/.test(script) ? '/dev/null' : 'backend.log'}`,
    '--open-mode=append',
  ]
  if (!own.options.includes('--requeue')) words.push(own.requeue ? '--requeue' : '--no-requeue')
  for (const [key, option, variable] of KEYS) {
    const value = own[key] ?? (variable === undefined ? undefined : environment[variable])
    if (value !== undefined) words.push(`${option}=${value}`)
  }
  // The last one counts: jobs are found by the comment, so that is not the user's to set.
  return [...words, ...own.options, `--comment=${name}`].map(word => `#SBATCH ${quoteWord(word)}`)
}

/** A word of a directive. sbatch takes quotes and backslashes as a shell does. */
function quoteWord(word: string): string {
  return /^[\w./:,=@+-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, '\\$&')}"`
}
