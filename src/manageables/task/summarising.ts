/** All runs of many tasks: the last ones are observed, of the others their journals say all. */
import type { RunSummary } from '../../core/run-summary.ts'
import type { SpmiError } from '../../errors.ts'
import { Damage } from '../../store/damage.ts'
import { isBlocker, isRemoved, listRuns, type Run, readStarter, type Starter } from '../../store/run-store.ts'
import { statusOfEarlier } from './earlier.ts'
import { type Observation, observe } from './observe.ts'
import { MENDS } from './sighting.ts'
import type { TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** The runs of some tasks, oldest first, or why they cannot be known. */
export async function summariseRuns(
  tasks: readonly TaskManageable[],
): Promise<readonly (readonly RunSummary[] | SpmiError)[]> {
  const observations = await observe(tasks)
  return observations.map(summariseTask)
}

function summariseTask({ task, status }: Observation): RunSummary[] | SpmiError {
  if (status.run === undefined) return (status.state === 'unknown' && status.damage?.found[0]) || []
  const last = status.run.number
  const summaries: RunSummary[] = []
  // A run that was started after the observation is not one that has ended.
  for (const run of listRuns(task.directory).filter(({ number }) => number <= last)) {
    const damage = (run.number === last ? status.damage : undefined) ?? new Damage(task.id)
    const starter = damage.read(() => readStarter(run), MENDS.other)
    if (isBlocker(starter)) continue
    if (starter === undefined && isRemoved(run)) continue
    const its = run.number === last ? status : statusOfEarlier(task, run, starter, damage)
    summaries.push(summarise(run, its, starter))
  }
  return summaries
}

function summarise(run: Run, status: TaskStatus, starter: Starter | undefined): RunSummary {
  const { state, words, outcome, exit, exitCode, backendType, pid, damage } = status
  return {
    ...{
      number: run.number,
      directory: run.directory,
      state,
      words,
      outcome,
      exit,
      exitCode,
      backendType,
      pid,
      damage,
    },
    startedAt: status.startedAt ?? (starter && new Date(starter.at)), // of a start that failed: when it was tried
    endedAt: status.endedAt,
  }
}
