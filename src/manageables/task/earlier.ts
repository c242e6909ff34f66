/** The status of a task that has no run, and of runs before the last one, of which their files say all. */
import { readAsked } from '../../store/asked.ts'
import { Damage, RELOAD_MENDS } from '../../store/damage.ts'
import {
  isBlocker,
  listRuns,
  type Run,
  readJournal,
  readStarter,
  type Starter,
} from '../../store/run-store.ts'
import { MENDS } from './sighting.ts'
import { deriveStatus, type TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** An earlier run is over: the next one was started after its end had been seen. */
export function statusOfEarlier(
  task: TaskManageable,
  run: Run,
  starter: Starter | undefined,
  damage: Damage,
): TaskStatus {
  const journal = readJournal(run)
  if (journal?.damage) damage.note(journal.damage, MENDS.other)
  return deriveStatus({
    run,
    journal,
    starter,
    damage,
    lacksStarter: false,
    isStarterAlive: false,
    backendType: starter?.backend?.type ?? task.backend.type,
    backendId: undefined,
    readAsked: () => damage.read(() => readAsked(run), MENDS.other) ?? [],
    liveness: { state: 'gone' },
    hasProcesses: false,
    isHalted: () => false,
  })
}

/** The status of the last run before one whose number a clean has only taken. */
export function statusBefore(task: TaskManageable, { number }: Run): TaskStatus {
  const damage = new Damage(task.id)
  for (const run of listRuns(task.directory).reverse()) {
    if (run.number >= number) continue
    const starter = damage.read(() => readStarter(run), MENDS.other)
    if (!isBlocker(starter)) return statusOfEarlier(task, run, starter, damage)
  }
  return new NeverStarted(task, damage)
}

/** The status of a task without runs. When it was loaded is read only if somebody asks. */
export class NeverStarted implements TaskStatus {
  readonly state = 'inactive'
  readonly #task: TaskManageable
  readonly #damage: Damage
  #since: { readonly time: Date | undefined } | undefined

  constructor(task: TaskManageable, damage: Damage) {
    this.#task = task
    this.#damage = damage
  }

  get since(): Date | undefined {
    const { context, id } = this.#task
    this.#since ??= { time: this.#damage.read(() => context.store.readLoadTime(id), RELOAD_MENDS) }
    return this.#since.time
  }

  get damage(): Damage {
    void this.since
    return this.#damage
  }
}
