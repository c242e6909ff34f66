/** What stopping and killing have in common: which tasks can be ended, and what is said of what is left. */
import { groupBy } from '../../core/group-by.ts'
import { asSpmiError, SpmiError } from '../../errors.ts'
import type { Asked } from '../../store/asked.ts'
import { voidRun } from '../../store/run-store.ts'
import { isAlive, isFromHere, type ProcessIdentity, type ProcessStat } from '../../system/process.ts'
import { sleep } from '../../system/sleep.ts'
import type { Backend, Left } from './backends/backend.ts'
import { type ObservedRun, observe } from './observe.ts'
import { hasEnded, type TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** Milliseconds that a wrapper gets to come. */
const WRAPPER_TIMEOUT = 5000

type Verb = Extract<Asked['verb'], 'stop' | 'kill'>

/** Why tasks could not be ended. */
export type Failures = Map<TaskManageable, SpmiError>

/** An active task that is to end. */
export interface Ending {
  readonly task: TaskManageable
  readonly run: ObservedRun
}

/**
 * The tasks that are active, once their wrappers have come; a run that no wrapper has claimed is given up, and one that
 * waits to be run again is taken back.
 */
export async function takeActive(
  tasks: readonly TaskManageable[],
  verb: Verb,
  failures: Failures,
): Promise<Ending[]> {
  const active: Ending[] = []
  const withdrawn: Ending[] = []
  await sortActive(tasks, verb, failures, (ending, _, isLate) => {
    const { run } = ending
    if (run.isQueued && hasEnded(run.journal)) withdrawn.push(ending)
    else if (run.command !== undefined || run.damage.found.length > 0) active.push(ending)
    else if (run.wrapper !== undefined && (isLate || isGone(run.wrapper))) active.push(ending)
    else if (run.journal === undefined && giveUp(ending, verb, failures)) withdrawn.push(ending)
    else return failures.has(ending.task)
    return true
  })
  for (const [backend, group] of groupBy(withdrawn, ({ run }) => run.backend))
    await backend.withdraw(group.map(({ run }) => run))
  return active
}

/** Whether a wrapper that was here will never record anything more. */
function isGone(wrapper: ProcessIdentity): boolean {
  return isFromHere(wrapper) && !isAlive(wrapper)
}

/** Sees to it that a run's wrapper does not start its command if it comes. @returns false when it has come, or that failed */
function giveUp({ task, run }: Ending, verb: Verb, failures: Failures): boolean {
  try {
    return voidRun(run.files, `${verb} came before its start`)
  } catch (error) {
    failures.set(task, cannotWrite(verb, task, error))
    return false
  }
}

/**
 * Goes through the tasks that are active, again and again while their wrappers are waited for; refuses the others.
 * @param sort what is done with one: it returns false where its wrapper is to be waited for
 */
export async function sortActive(
  tasks: readonly TaskManageable[],
  verb: Asked['verb'],
  failures: Failures,
  sort: (ending: Ending, status: TaskStatus, isLate: boolean) => boolean,
): Promise<void> {
  const until = performance.now() + WRAPPER_TIMEOUT
  let waiting = tasks
  while (waiting.length > 0) {
    const isLate = performance.now() > until
    const unclaimed: TaskManageable[] = []
    for (const { task, run, status } of await observe(waiting)) {
      if (status.state === 'unknown')
        failures.set(
          task,
          cannotDo(verb, task, 'unknown', `whether it is active is unknown (${status.words})`),
        )
      else if (status.state !== 'active' || run === undefined)
        failures.set(task, cannotDo(verb, task, 'inactive', 'it is inactive'))
      else if (!sort({ task, run }, status, isLate)) unclaimed.push(task)
    }
    waiting = unclaimed
    if (waiting.length > 0) await sleep(10)
  }
}

/** Lets each backend do something to all its runs at once. @returns what the backends say of runs, by their names */
export async function askBackends(
  endings: readonly Ending[],
  act: (backend: Backend, runs: readonly ObservedRun[]) => Promise<Map<string, Left>>,
): Promise<Map<string, Left>> {
  const groups = groupBy(
    endings.map(({ run }) => run),
    run => run.backend,
  )
  const answers = await Promise.all([...groups].map(([backend, runs]) => act(backend, runs)))
  return new Map(answers.flatMap(answer => [...answer]))
}

/** The refusal to do something to a task. */
export function cannotDo(
  verb: Asked['verb'],
  task: TaskManageable,
  code: 'unknown' | 'inactive' | 'unsupported',
  reason: string,
): SpmiError {
  return new SpmiError(code, `cannot ${verb} manageable "${task.id}": ${reason}`)
}

/** The refusal of the system to write down what is done to a task. */
export function cannotWrite(verb: Asked['verb'], task: TaskManageable, error: unknown): SpmiError {
  const { code, message } = asSpmiError(error, 'that cannot be written down')
  return new SpmiError(code, `cannot ${verb} manageable "${task.id}": ${message}`, { cause: error })
}

/** The failure to end a task of which something is left. */
export function explainLeft(verb: Verb, task: TaskManageable, left: Left): SpmiError {
  return new SpmiError(
    `${verb}-failed`,
    `cannot ${verb} manageable "${task.id}" in time: ${describeLeft(left)}`,
    verb === 'stop' ? { hint: `"spmi kill ${task.id}" ends it` } : {},
  )
}

function describeLeft(left: Left): string {
  if (typeof left === 'string') return `${left} is left`
  if (left.length === 0) return 'its wrapper is left'
  return describeProcesses(left, 'are left')
}

/** Names some processes of a task, and says how many there are. @param what what is said of them */
export function describeProcesses(processes: readonly ProcessStat[], what: string): string {
  const named = processes.slice(0, 5).map(({ pid, name }) => `${pid} "${name}"`)
  const more = processes.length > named.length ? ', …' : ''
  return `${processes.length} of its processes ${what}: ${named.join(', ')}${more}`
}
