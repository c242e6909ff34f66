/**
 * Starts many tasks at once. Each run is written whole under a hidden name and then renamed to the number that follows
 * the run whose end was seen, so that of several starters one wins; then all are handed to their backends. A start
 * is believed when the wrapper has recorded it.
 */

import type { Failure } from '../../core/failure.ts'
import { groupBy } from '../../core/group-by.ts'
import { asSpmiError, SpmiError } from '../../errors.ts'
import { isOutOfRoom } from '../../store/files.ts'
import { runFiles } from '../../store/layout.ts'
import {
  blockNextRun,
  dropPrepared,
  isBlocking,
  isStillLast,
  type PreparedRun,
  prepareRun,
  publishRun,
  type SeenRun,
  syncPrepared,
  syncPublished,
} from '../../store/next-run.ts'
import {
  hasSpawned,
  isRemoved,
  type Run,
  readJournal,
  type Starter,
  voidRun,
  writeSubmitted,
} from '../../store/run-store.ts'
import { exec } from '../../system/exec.ts'
import { isAlive, thisProcess } from '../../system/process.ts'
import { sleep } from '../../system/sleep.ts'
import type { BackendJob } from './backends/backend.ts'
import { cannotStart, compileRun } from './compiling.ts'
import { removeUnkept, warnOfLogout } from './finishing.ts'
import { type Observation, observe } from './observe.ts'
import { wrapperOfNextRun } from './started-wrapper.ts'
import type { TaskManageable } from './task.ts'

/** Milliseconds that the wrappers of a command have to record their starts: a floor, and more for each task. */
const START_TIMEOUT = 10_000
const START_TIMEOUT_EACH = 50

/** How many paths one argv gets, which stays far below its limit (execve(2)). */
const BATCH = 500

interface Starting {
  readonly task: TaskManageable
  readonly job: BackendJob
  readonly prepared: PreparedRun
  readonly needsFifo: boolean
}

/** Starts tasks. @returns for each one why it was not started, or undefined */
export async function startTasks(tasks: readonly TaskManageable[]): Promise<readonly Failure[]> {
  const failures = new Map<TaskManageable, SpmiError>()
  for (const { wrapper, context } of tasks) wrapper.warmUp(context.environment)
  const prepared = await prepareAll(await observe(tasks), failures)
  // Before a command is launched a cut of power must no longer be able to take its run back.
  const [, whole] = await Promise.all([
    makeFifos(prepared), // by a program, which runs while this one syncs
    keepSynced(prepared, syncPrepared, dropPrepared, failures),
  ])
  const published = await keepSynced(publishAll(whole, failures), syncPublished, voidUnsynced, failures)
  const groups = groupBy(published, ({ task }) => task.next.backend)
  await Promise.all([...groups.values()].map(group => submitAll(group, failures)))
  await awaitRecords(published, failures)
  await removeUnkept(published.map(({ task }) => task))
  warnOfLogout(published.map(({ task }) => task).filter(task => !failures.has(task)))
  return tasks.map(task => failures.get(task))
}

async function prepareAll(
  observations: readonly Observation[],
  failures: Map<TaskManageable, SpmiError>,
): Promise<Starting[]> {
  const prepared: Starting[] = []
  for (const observation of observations) {
    try {
      prepared.push(await prepare(observation))
    } catch (error) {
      failures.set(observation.task, cannotStart(observation.task, error))
    }
  }
  return prepared
}

async function prepare(observation: Observation): Promise<Starting> {
  const { task, job, table, content } = await compileRun(observation)
  const { needsFifo, script, environment } = content
  const starter: Starter = {
    name: job.name,
    at: Date.now(),
    by: thisProcess(),
    backend: table,
    wrapper: wrapperOfNextRun(task),
  }
  const prepared = prepareRun(task.directory, seenRun(observation), { script, environment, starter })
  return { task, job, needsFifo, prepared }
}

function seenRun({ run }: Observation): SeenRun | undefined {
  return run && { number: run.files.number, journal: run.journal }
}

/**
 * Makes sure that nobody can start a task any more.
 * @returns whether that holds, given where its directory is now
 * @throws SpmiError `active` when it has been started meanwhile, or somebody else is at this
 */
export async function retireTask(task: TaskManageable): Promise<(directory: string) => boolean> {
  const [observation] = await observe([task])
  if (observation === undefined || observation.status.state !== 'inactive')
    throw new SpmiError('active', 'it has just been started')
  if (observation.status.isBlocked) throw new SpmiError('active', 'it is being cleaned')
  const last = seenRun(observation)
  try {
    const blocker = await blockNextRun(task.directory, last, 'it is being cleaned')
    if (blocker === undefined) throw new SpmiError('active', 'somebody else has just started or cleaned it')
    return directory => isBlocking(blocker, directory)
  } catch (error) {
    if (!isOutOfRoom(error)) throw error
    return directory => isStillLast(last, directory) // to clean is what makes room
  }
}

/** Puts something of each run on the disk, and gives up those where that fails. @returns the others */
async function keepSynced(
  starting: readonly Starting[],
  sync: (prepared: PreparedRun) => Promise<void>,
  giveUp: (prepared: PreparedRun) => void,
  failures: Map<TaskManageable, SpmiError>,
): Promise<Starting[]> {
  const results = await Promise.allSettled(starting.map(({ prepared }) => sync(prepared)))
  return starting.filter(({ task, prepared }, index) => {
    const result = results[index]
    if (result?.status !== 'rejected') return true
    failures.set(task, cannotStart(task, result.reason))
    giveUp(prepared)
    return false
  })
}

function voidUnsynced({ run }: PreparedRun): void {
  try {
    voidRun(run, 'it could not be put on the disk')
  } catch (error) {
    asSpmiError(error, 'that cannot be recorded either')
  }
}

/** One mkfifo for all. What it cannot make the wrapper tries again, and says why it cannot be. */
async function makeFifos(starting: readonly Starting[]): Promise<void> {
  const paths = starting
    .filter(({ needsFifo }) => needsFifo)
    .map(({ prepared }) => runFiles.stdin(prepared.hidden))
  const [environment] = starting.map(({ task }) => task.context.environment)
  try {
    for (let from = 0; from < paths.length; from += BATCH)
      await exec(['mkfifo', '-m', '600', ...paths.slice(from, from + BATCH)], {
        environment: environment ?? {},
        timeout: START_TIMEOUT,
        reads: 'nothing',
      })
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error // else it could not be run at all
  }
}

function publishAll(starting: readonly Starting[], failures: Map<TaskManageable, SpmiError>): Starting[] {
  return starting.filter(({ task, prepared }) => {
    try {
      if (publishRun(prepared)) return true
      failures.set(task, cannotStart(task, new SpmiError('active', 'somebody else has just started it')))
    } catch (error) {
      dropPrepared(prepared)
      failures.set(task, cannotStart(task, error))
    }
    return false
  })
}

/** Hands runs to their backend, and gives up those that it refuses. */
async function submitAll(
  group: readonly Starting[],
  failures: Map<TaskManageable, SpmiError>,
): Promise<void> {
  const [first] = group
  if (first === undefined) return
  const submissions = await submit(first.task, group)
  for (const [index, { task, prepared }] of group.entries()) {
    const submission = submissions[index] ?? { accepted: false, reason: 'its backend said nothing' }
    if (submission.accepted) {
      if (submission.id !== undefined) writeSubmitted(prepared.run, { at: Date.now(), id: submission.id })
    } else if (voidRun(prepared.run, submission.reason)) {
      failures.set(task, cannotStart(task, new SpmiError('start-failed', submission.reason)))
    }
  }
}

async function submit({ next: { backend } }: TaskManageable, group: readonly Starting[]) {
  try {
    return await backend.submit(group.map(({ job }) => job))
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error
    return group.map(() => ({ accepted: false as const, reason: error.message }))
  }
}

/** Waits until each wrapper has recorded its start, under one deadline; gives up those that do not come. */
async function awaitRecords(
  published: readonly Starting[],
  failures: Map<TaskManageable, SpmiError>,
): Promise<void> {
  const until = performance.now() + START_TIMEOUT + START_TIMEOUT_EACH * published.length
  let waiting = published.filter(({ task }) => !failures.has(task) && task.next.backend.runsHere)
  for (let pause = 1; waiting.length > 0; pause = Math.min(pause * 1.05, 20)) {
    const isLate = performance.now() > until
    waiting = waiting.filter(({ task, prepared }) => {
      const start = readStart(prepared.run)
      if (start === 'waiting' && !isLate) return true
      if (start === 'started') return false
      const reason = start === 'waiting' ? giveUp(prepared.run) : start.reason
      failures.set(task, cannotStart(task, new SpmiError('start-failed', reason)))
      return false
    })
    if (waiting.length > 0) await sleep(pause)
  }
}

/** Whether a wrapper has recorded its start, or why it never will. */
function readStart(run: Run): 'started' | 'waiting' | { readonly reason: string } {
  if (hasSpawned(run)) return 'started'
  const journal = readJournal(run)
  if (journal?.claimed && !isAlive(journal.claimed.wrapper)) {
    const last = readJournal(run) // it may have gone on after we had read
    return last?.spawned ? 'started' : (last?.refused ?? { reason: 'its wrapper was killed' })
  }
  if (journal === undefined && isRemoved(run)) return { reason: 'it was removed before it was seen to start' }
  return journal?.refused ?? journal?.void ?? 'waiting'
}

function giveUp(run: Run): string {
  return voidRun(run, 'its wrapper did not come in time')
    ? 'its wrapper did not come in time'
    : 'its wrapper recorded no start in time; "spmi status" shows what became of it'
}
