/**
 * Signals, pauses and resumes many tasks at once. What is sent is noted in the run before it is, so that status can name it. A
 * task whose command has not started yet has nothing that could be signalled.
 */

import type { Failure } from '../../core/failure.ts'
import type { SignalReach } from '../../core/manageable.ts'
import { SpmiError } from '../../errors.ts'
import type { Asked } from '../../store/asked.ts'
import { writeAsked } from '../../store/asked.ts'
import { isFromHere, type SignalName } from '../../system/process.ts'
import { ProcessTable } from '../../system/run-processes.ts'
import type { Backend, Left } from './backends/backend.ts'
import {
  askBackends,
  cannotDo,
  cannotWrite,
  describeProcesses,
  type Ending,
  type Failures,
  sortActive,
} from './ending.ts'
import type { ObservedRun } from './observe.ts'
import { hasEnded } from './status.ts'
import type { TaskManageable } from './task.ts'

/** Milliseconds until `pause` gives up. */
const PAUSE_TIMEOUT = 5000

type Verb = Extract<Asked['verb'], 'signal' | 'pause' | 'resume'>

/** Sends a signal to tasks, once. @returns for each one why it was not sent, or undefined */
export async function signalTasks(
  tasks: readonly TaskManageable[],
  signal: SignalName,
  reach: SignalReach,
): Promise<readonly Failure[]> {
  const failures: Failures = new Map()
  const running = (await takeRunning(tasks, 'signal', failures)).filter(({ task, run }) => {
    const refusal =
      run.backend.refuseSignal(run, signal, reach) ?? (reach === 'all' ? undefined : missGroup(run))
    if (refusal !== undefined) failures.set(task, cannotDo('signal', task, 'unsupported', refusal))
    return refusal === undefined
  })
  await ask(running, 'signal', signal, failures, async (backend, runs) => {
    await backend.signal(runs, signal, reach)
    return new Map()
  })
  return tasks.map(task => failures.get(task))
}

/** Halts every process of tasks. @returns for each one why something of it runs on, or undefined */
export async function pauseTasks(tasks: readonly TaskManageable[]): Promise<readonly Failure[]> {
  const failures: Failures = new Map()
  const running = await takeRunning(tasks, 'pause', failures)
  const left = await ask(running, 'pause', 'SIGSTOP', failures, (backend, runs) =>
    backend.pause(runs, PAUSE_TIMEOUT),
  )
  explainLeft('pause', running, left, failures)
  return tasks.map(task => failures.get(task))
}

/** Lets every process of tasks go on. @returns for each one why it does not, or undefined */
export async function resumeTasks(tasks: readonly TaskManageable[]): Promise<readonly Failure[]> {
  const failures: Failures = new Map()
  const running = await takeRunning(tasks, 'resume', failures)
  const left = await ask(running, 'resume', 'SIGCONT', failures, (backend, runs) => backend.resume(runs))
  explainLeft('resume', running, left, failures)
  return tasks.map(task => failures.get(task))
}

/** The tasks whose commands have started, once their wrappers have come; what waits in a queue is none of them. */
async function takeRunning(
  tasks: readonly TaskManageable[],
  verb: Verb,
  failures: Failures,
): Promise<Ending[]> {
  const running: Ending[] = []
  await sortActive(tasks, verb, failures, ({ task, run }, { words }, isLate) => {
    if (run.command !== undefined && !(run.isQueued && hasEnded(run.journal))) running.push({ task, run })
    else if (run.isQueued || isLate)
      failures.set(task, cannotDo(verb, task, 'inactive', `its command has not started (${words})`))
    else return false
    return true
  })
  return running
}

/** Why the command's group cannot be signalled, where that can be seen: the command has ended, and all that it left is elsewhere. */
function missGroup(run: ObservedRun): string | undefined {
  const { wrapper, command, journal } = run
  if (journal?.exited === undefined || wrapper === undefined || !isFromHere(wrapper)) return undefined
  const isThere = ProcessTable.read()
    .membersOf(run)
    .some(({ group }) => group === command?.pid)
  return isThere ? undefined : 'its command has ended; --all reaches the processes that it left'
}

/** Notes what is asked, and lets each backend do it for all its runs at once. @returns what the backends say of runs */
async function ask(
  running: readonly Ending[],
  verb: Verb,
  signal: SignalName,
  failures: Failures,
  act: (backend: Backend, runs: readonly ObservedRun[]) => Promise<Map<string, Left>>,
): Promise<Map<string, Left>> {
  const noted = running.filter(({ task, run }) => {
    try {
      writeAsked(run.files, verb, signal)
      return true
    } catch (error) {
      failures.set(task, cannotWrite(verb, task, error))
      return false
    }
  })
  return askBackends(noted, act)
}

function explainLeft(
  verb: Verb,
  running: readonly Ending[],
  left: ReadonlyMap<string, Left>,
  failures: Failures,
): void {
  for (const { task, run } of running) {
    const what = left.get(run.name)
    if (what === undefined) continue
    const reason = typeof what === 'string' ? what : describeProcesses(what, 'run on')
    failures.set(task, new SpmiError('pause-failed', `cannot ${verb} manageable "${task.id}": ${reason}`))
  }
}
