/** What `[task.backend]` may hold for Slurm. Loaded by `load` alone. */
import * as v from 'valibot'

/** A line of `#SBATCH` is one line. */
const line = v.pipe(v.string(), v.regex(/^[^\n\x00]+$/, 'must be one line, and not empty'))
const option = v.pipe(v.string(), v.regex(/^-[^\n\x00]*$/, 'must begin with "-", and be one line'))
const count = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
  v.maxValue(Number.MAX_SAFE_INTEGER, 'is too large'),
)
const describe = <T extends v.GenericSchema>(schema: T, text: string) =>
  v.pipe(v.optional(schema), v.description(text))

/** The keys of `[task.backend]` for Slurm. Each that is left out is left to Slurm. */
export const SLURM_ENTRIES = {
  partition: describe(line, 'The partition, or several with commas between them.'),
  time: describe(v.union([count, line]), 'The time limit: minutes, or a text such as "1-12:00:00".'),
  nodes: describe(v.union([count, line]), 'The number of nodes, or a range such as "2-4".'),
  tasks: describe(count, 'The number of tasks that the job will launch, for which room is kept.'),
  cpus_per_task: describe(count, 'The number of CPUs for each of them.'),
  memory: describe(v.union([count, line]), 'The memory of each node: megabytes, or a text such as "4G".'),
  gpus: describe(v.union([count, line]), 'The number of GPUs, or a text such as "a100:2".'),
  account: describe(line, 'The account that is charged.'),
  qos: describe(line, 'The quality of service.'),
  job_name: describe(line, "The job's name. Default: that of the run, which begins with spmi- and the id."),
  requeue: v.pipe(
    v.optional(v.boolean(), false),
    v.description('Whether Slurm may run the command again from the beginning, when its node has failed.'),
  ),
  setup: v.pipe(
    v.optional(v.array(v.string()), []),
    v.description('Lines for sh that run on the node before the command, such as the loading of modules.'),
  ),
  options: v.pipe(
    v.optional(v.array(option), []),
    v.description('Options of sbatch that are passed on as they are.'),
  ),
}

/** The checked keys. */
export type SlurmOptions = v.InferOutput<v.ObjectSchema<typeof SLURM_ENTRIES, undefined>>
