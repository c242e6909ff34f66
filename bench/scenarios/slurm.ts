/**
 * How long one `spmi start` of 100 tasks as jobs of Slurm takes, beside a plain loop of `sbatch`: until Slurm has accepted
 * them all. Controller and node are of the benchmark's own.
 */
import { join, resolve } from 'node:path'
import { SleepWatch } from '../marked-processes.ts'
import { type Findings, measureInTurn } from '../measure.ts'
import { makeIds, makeSleepTime, type Scratch } from '../scratch.ts'

const COUNT = 100
const CLUSTER = resolve(import.meta.dir, '../../scripts/slurm.sh')
const SBATCH_LOOP =
  'i=0; while [ $i -lt "$2" ]; do sbatch --parsable --output=/dev/null "$1"; i=$((i+1)); done'

/** Measures the start of 100 tasks as jobs of Slurm. */
export async function measureSlurm(scratch: Scratch): Promise<Findings> {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  if (['slurmctld', 'slurmd', 'munged'].some(name => Bun.which(name, { PATH }) === null))
    return { comparisons: [], remarks: ['slurm: skipped, because Slurm or munge is not installed'] }
  const seconds = makeSleepTime()
  const watch = new SleepWatch(seconds)
  const folder = scratch.makeFolder('slurm')
  const environment = { SLURM_CONF: join(folder, 'slurm.conf') }
  scratch.atEnd(() => Bun.spawnSync(['sh', CLUSTER, 'stop', folder]))
  await scratch.run(['sh', CLUSTER, 'start', folder])
  const pool = scratch.makePool('slurm', environment)
  await pool.load(makeIds(COUNT), `sleep ${seconds}`, 'slurm')
  const job = scratch.write('job.sh', `#!/bin/sh\nexec sleep ${seconds}\n`)

  const measureRound = async (start: () => Promise<number>, end: () => Promise<unknown>): Promise<number> => {
    watch.begin()
    const spent = await start()
    await watch.awaitCount(COUNT)
    const pids = watch.list()
    await end()
    await watch.awaitEnd(pids)
    return spent
  }
  const cancelAll = 'scancel --user="$(id -un)"; while squeue --noheader | grep -q .; do sleep 0.1; done'
  const starts = await measureInTurn(5, {
    spmi: () =>
      measureRound(
        () => pool.spmi('start', '.*'),
        async () => {
          await pool.spmi('kill', '.*')
          await scratch.sh(cancelAll, [], environment)
        },
      ),
    plain: () =>
      measureRound(
        () => scratch.sh(SBATCH_LOOP, [job, String(COUNT)], environment),
        () => scratch.sh(cancelAll, [], environment),
      ),
  })
  return {
    comparisons: [
      {
        scenario: `start-${COUNT}-slurm`,
        unit: 'ms',
        subject: { label: 'spmi start (slurm)', values: starts.spmi },
        floor: { label: 'sh loop of sbatch', values: starts.plain },
        limit: { of: 'ratio', most: 1.3 },
      },
    ],
    remarks: [],
  }
}
