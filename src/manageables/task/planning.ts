/** What a start of tasks would do. Everything is as in a start up to the first file, and nothing is written. */
import type { StartPlan } from '../../core/start.ts'
import type { SpmiError } from '../../errors.ts'
import { cannotStart, compileRun } from './compiling.ts'
import { type Observation, observe } from './observe.ts'
import type { TaskManageable } from './task.ts'

/** @returns for each task what its start would do, or why it would fail */
export async function planTasks(
  tasks: readonly TaskManageable[],
): Promise<readonly (StartPlan | SpmiError)[]> {
  const observations = await observe(tasks)
  return Promise.all(
    observations.map(observation =>
      plan(observation).catch((error: unknown) => cannotStart(observation.task, error)),
    ),
  )
}

async function plan(observation: Observation): Promise<StartPlan> {
  const { task, job, content } = await compileRun(observation)
  const { backend } = task.next
  return {
    lines: [
      { label: 'Backend type', value: backend.type },
      { label: 'Environment', value: `${task.wrapper.describeEnvironment(task.wrapperOptions)} (not shown)` },
    ],
    launch: backend.launchOf(job),
    path: job.script,
    script: content.script,
  }
}
