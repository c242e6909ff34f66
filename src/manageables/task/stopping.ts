/**
 * Stops many tasks at once: every signal goes to all of them before anybody is waited for, and one deadline serves all.
 * A task has ended when no process of its run is left, not when its command is gone.
 */

import type { Failure } from '../../core/failure.ts'
import { groupBy } from '../../core/group-by.ts'
import { writeAsked } from '../../store/asked.ts'
import { readJournal, readStarter } from '../../store/run-store.ts'
import { isAlive, isFromHere, isHalted, type SignalName } from '../../system/process.ts'
import { ProcessTable } from '../../system/run-processes.ts'
import { sleep } from '../../system/sleep.ts'
import { settleTerminalHolders } from '../../system/terminal-holder.ts'
import { askBackends, type Ending, explainLeft, type Failures, takeActive } from './ending.ts'
import { observe } from './observe.ts'
import { wrapperOfNextRun } from './started-wrapper.ts'
import { hasEnded } from './status.ts'
import type { TaskManageable } from './task.ts'
import type { StopPlan } from './wrappers/wrapper.ts'

/** Milliseconds between two questions to a backend whether runs on other hosts have ended. */
const QUERY_PAUSE = 1000

interface Stopping extends Ending {
  readonly timeout: number
  /** What is still to be sent, in order. */
  readonly steps: StopStep[]
}

interface StopStep {
  /** Milliseconds after the beginning. */
  at: number
  readonly signal: SignalName
  readonly scope: 'group' | 'strays'
}

/** Stops tasks. @returns for each one why processes of it are left, or undefined */
export async function stopTasks(tasks: readonly TaskManageable[]): Promise<readonly Failure[]> {
  const failures: Failures = new Map()
  const active = await takeActive(tasks, 'stop', failures)
  const stopping = active.map(({ task, run }): Stopping => {
    const starter = run.damage.read(() => readStarter(run.files))
    const plan = (starter?.wrapper ?? wrapperOfNextRun(task)).stop // the descriptor may be a newer one
    return { task, run, timeout: plan.timeout, steps: planSteps(plan) }
  })
  await resumeHalted(active)
  const clock = new PatientClock()
  let near = stopping.filter(isNear)
  let far = stopping.filter(stop => !isNear(stop))
  let asked = 0
  for (let pause = 2; near.length + far.length > 0; pause = Math.min(pause * 1.3, 25)) {
    const elapsed = clock.read()
    await deliver([...near, ...far], elapsed)
    near = dropEnded(near, elapsed, failures)
    far = dropRecorded(far, elapsed, failures)
    if (far.length > 0 && elapsed - asked > QUERY_PAUSE) {
      far = await dropGone(far)
      asked = clock.read()
    }
    if (near.length + far.length > 0) await sleep(pause)
  }
  return tasks.map(task => failures.get(task))
}

/** The longest step of a patient clock, in milliseconds. */
const LONGEST_STEP = 250

/**
 * Milliseconds since it was made, without those in which we did not run: a task is not late because this machine was asleep,
 * or had no time for us.
 */
class PatientClock {
  #elapsed = 0
  #last = performance.now()

  read(): number {
    const now = performance.now()
    this.#elapsed += Math.min(now - this.#last, LONGEST_STEP)
    this.#last = now
    return this.#elapsed
  }
}

/** Lets go on what is paused, whoever did it: a process that is stopped handles no signal. */
async function resumeHalted(active: readonly Ending[]): Promise<void> {
  const halted = active.filter(({ run }) => run.isQueued || (run.command && isHalted(run.command)))
  await askBackends(halted, (backend, runs) => backend.resume(runs))
  await settleTerminalHolders(active.map(({ run }) => run)) // whoever else has let a command go on
}

/**
 * Spreads the signals evenly over the timeout. Each goes to the command's group; what left the group gets each but the
 * first one, or the only one at half of the timeout: it may well be ended by the command itself.
 */
export function planSteps({ signals, timeout }: StopPlan): StopStep[] {
  const steps: StopStep[] = []
  for (const [index, signal] of signals.entries()) {
    const at = (timeout * index) / signals.length
    steps.push({ at, signal, scope: 'group' })
    if (index > 0) steps.push({ at, signal, scope: 'strays' })
    if (signals.length === 1) steps.push({ at: timeout / 2, signal, scope: 'strays' })
  }
  return steps
}

async function deliver(stopping: readonly Stopping[], elapsed: number): Promise<void> {
  const due = stopping.flatMap(stop => {
    const count = stop.steps.findLastIndex(step => step.at <= elapsed) + 1
    return stop.steps.splice(0, count).map(step => ({ ...stop, step }))
  })
  for (const { run, step } of due) if (step.scope === 'group') writeAsked(run.files, 'stop', step.signal)
  const deliveries = groupBy(due, ({ run, step }) => `${run.backend.type} ${step.signal} ${step.scope}`)
  await Promise.all(
    [...deliveries.values()].map(group => {
      const [first] = group
      const runs = group.map(({ run }) => run)
      return first?.run.backend.signal(runs, first.step.signal, first.step.scope)
    }),
  )
}

/** Whether the processes of a run can be seen, and signalled, from here; also where the journal is damaged that names its wrapper. */
function isNear({ run: { wrapper, backend } }: Ending): boolean {
  return wrapper === undefined ? backend.runsHere : isFromHere(wrapper)
}

/** Drops what has ended among runs whose processes can be seen. */
function dropEnded(stopping: readonly Stopping[], elapsed: number, failures: Failures): Stopping[] {
  let table: ProcessTable | undefined
  return stopping.filter(stop => {
    const { task, run, timeout, steps } = stop
    const isLate = elapsed > timeout
    const isWrapperGone = run.wrapper === undefined || !isAlive(run.wrapper)
    if (!isWrapperGone && !isLate && readJournal(run.files)?.stayed === undefined) return true
    table ??= ProcessTable.read()
    const members = table.membersOf(run)
    const left = isLate && members.length === 0 ? table.terminalHoldersOf(run) : members
    if (left.length === 0) return false // the wrapper sees it as well, within half a second
    if (isLate) {
      failures.set(task, explainLeft('stop', task, left))
      return false
    }
    // Its command is gone, so nobody else will end what is left: the turn of the strays is now.
    if (isWrapperGone) hastenStrays(steps)
    return true
  })
}

/** Drops what has ended among runs on other hosts, as far as their wrappers have recorded it. */
function dropRecorded(stopping: readonly Stopping[], elapsed: number, failures: Failures): Stopping[] {
  return stopping.filter(({ task, run, timeout, steps }) => {
    const journal = readJournal(run.files)
    if (hasEnded(journal)) return false
    if (elapsed > timeout) {
      failures.set(task, explainLeft('stop', task, `its wrapper on ${run.wrapper?.host ?? 'another host'}`))
      return false
    }
    if (journal?.stayed) hastenStrays(steps)
    return true
  })
}

/** Drops those of which their backends say that they are gone, although nobody has recorded it. */
async function dropGone(stopping: readonly Stopping[]): Promise<Stopping[]> {
  const observations = await observe(stopping.map(({ task }) => task))
  return stopping.filter((_, index) => observations[index]?.status.state !== 'inactive')
}

function hastenStrays(steps: readonly StopStep[]): void {
  const next = steps.find(step => step.scope === 'strays')
  if (next) next.at = 0
}
