/** All runs of many tasks: the last ones are observed, of the others their journals say all. */
import type { RunSummary } from '../../core/run-summary.ts'
import { isBlocker, isRemoved, listRuns, type Run, readStarter, type Starter } from '../../store/run-store.ts'
import { statusOfEarlier } from './earlier.ts'
import { type Observation, observe } from './observe.ts'
import type { TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** The runs of some tasks, oldest first. */
export async function summariseRuns(
  tasks: readonly TaskManageable[],
): Promise<readonly (readonly RunSummary[])[]> {
  const observations = await observe(tasks)
  return observations.map(summariseTask)
}

function summariseTask({ task, status }: Observation): RunSummary[] {
  const last = status.run?.number ?? 0
  const summaries: RunSummary[] = []
  // A run that was started after the observation is not one that has ended.
  for (const run of listRuns(task.directory).filter(({ number }) => number <= last)) {
    const starter = readStarter(run)
    if (isBlocker(starter)) continue
    if (starter === undefined && isRemoved(run)) continue
    summaries.push(
      summarise(run, run.number === last ? status : statusOfEarlier(task, run, starter), starter),
    )
  }
  return summaries
}

function summarise(run: Run, status: TaskStatus, starter: Starter | undefined): RunSummary {
  const { state, words, outcome, exit, exitCode, backendType, pid } = status
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
    },
    startedAt: status.startedAt ?? (starter && new Date(starter.at)), // of a start that failed: when it was tried
    endedAt: status.endedAt,
  }
}
