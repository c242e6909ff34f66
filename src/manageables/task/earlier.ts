/** The status of a task that has no run, and of runs before the last one, of which their files say all. */
import { readAsked } from '../../store/asked.ts'
import {
  isBlocker,
  listRuns,
  type Run,
  readJournal,
  readStarter,
  type Starter,
} from '../../store/run-store.ts'
import { deriveStatus, type TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** An earlier run is over: the next one was started after its end had been seen. */
export function statusOfEarlier(task: TaskManageable, run: Run, starter: Starter | undefined): TaskStatus {
  return deriveStatus({
    run,
    journal: readJournal(run),
    starter,
    isStarterAlive: false,
    backendType: starter?.backend?.type ?? task.backend.type,
    backendId: undefined,
    readAsked: () => readAsked(run),
    liveness: { state: 'gone' },
    hasProcesses: false,
    isHalted: () => false,
  })
}

/** The status of the last run before one whose number a clean has only taken. */
export function statusBefore(task: TaskManageable, { number }: Run): TaskStatus {
  for (const run of listRuns(task.directory).reverse()) {
    const starter = run.number < number ? readStarter(run) : undefined
    if (run.number < number && !isBlocker(starter)) return statusOfEarlier(task, run, starter)
  }
  return new NeverStarted(task)
}

/** The status of a task without runs. When it was loaded is read only if somebody asks. */
export class NeverStarted implements TaskStatus {
  readonly state = 'inactive'
  readonly #task: TaskManageable

  constructor(task: TaskManageable) {
    this.#task = task
  }

  get since(): Date | undefined {
    return this.#task.context.store.readLoadTime(this.#task.id)
  }
}
