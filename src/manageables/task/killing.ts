/** Kills many tasks at once, until no process of their runs is left. */

import type { Failure } from '../../core/failure.ts'
import { writeAsked } from '../../store/asked.ts'
import { isAlive, signalProcess } from '../../system/process.ts'
import { sleep } from '../../system/sleep.ts'
import type { Left } from './backends/backend.ts'
import { askBackends, type Ending, explainLeft, type Failures, takeActive } from './ending.ts'
import type { TaskManageable } from './task.ts'

/** Milliseconds that a wrapper gets to record the end of a run whose processes are gone. */
const WRAPPER_TIMEOUT = 5000

/** Milliseconds until `kill` gives up: a floor, and more for each task, because thousands take their time on a busy machine. */
const KILL_TIMEOUT = 10_000
const KILL_TIMEOUT_EACH = 10

/** Kills tasks. @returns for each one why processes of it are left, or undefined */
export async function killTasks(tasks: readonly TaskManageable[]): Promise<readonly Failure[]> {
  const failures: Failures = new Map()
  const active = await takeActive(tasks, 'kill', failures)
  for (const { run } of active) writeAsked(run.files, 'kill', 'SIGKILL')
  await wakeWrappers(active)
  let left = await killProcesses(active)
  const stuck = await awaitWrappers(active.filter(({ run }) => !left.has(run.name)))
  if (stuck.length > 0) {
    for (const { run } of stuck) if (run.wrapper) signalProcess(run.wrapper, 'SIGKILL')
    left = new Map([...left, ...(await killProcesses(stuck))])
  }
  for (const { task, run } of active) {
    const what = left.get(run.name)
    if (what !== undefined) failures.set(task, explainLeft('kill', task, what))
  }
  return tasks.map(task => failures.get(task))
}

/** Where a backend halts a run with its wrapper, which kills from within what is on another host, it lets it go on first. */
async function wakeWrappers(endings: readonly Ending[]): Promise<void> {
  const halted = endings.filter(({ run }) => run.isQueued)
  await askBackends(halted, (backend, runs) => backend.resume(runs))
}

function killProcesses(endings: readonly Ending[]): Promise<Map<string, Left>> {
  const timeout = KILL_TIMEOUT + KILL_TIMEOUT_EACH * endings.length
  return askBackends(endings, (backend, runs) => backend.kill(runs, timeout))
}

/** Waits until the wrappers have recorded the ends. @returns those that do not */
async function awaitWrappers(endings: readonly Ending[]): Promise<Ending[]> {
  const until = performance.now() + WRAPPER_TIMEOUT
  let waiting = [...endings]
  for (const { run } of waiting) if (run.wrapper) signalProcess(run.wrapper, 'SIGCONT') // somebody may have stopped it
  for (let pause = 1; performance.now() < until; pause = Math.min(pause * 1.5, 20)) {
    waiting = waiting.filter(({ run }) => run.wrapper !== undefined && isAlive(run.wrapper))
    if (waiting.length === 0) break
    await sleep(pause)
  }
  return waiting
}
