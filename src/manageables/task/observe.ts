/**
 * Gathers the evidence of many tasks at once: the files of their last runs, one pass over /proc where it is needed, and
 * one query per backend. The backend is asked first, and whether the starter is alive, and the journal read after it, so that a
 * run that ends in between is seen as ended, not as lost.
 */
import { groupBy } from '../../core/group-by.ts'
import { SpmiError } from '../../errors.ts'
import { readAsked } from '../../store/asked.ts'
import { Damage } from '../../store/damage.ts'
import type { Journal } from '../../store/journal.ts'
import { runFiles } from '../../store/layout.ts'
import { isBlocker, isRemoved, isStarterAlive, type Run, readSubmitted } from '../../store/run-store.ts'
import { isFromHere, isHalted, type ProcessIdentity, thisHost } from '../../system/process.ts'
import { RunBearers } from '../../system/run-marks.ts'
import { ProcessTable } from '../../system/run-processes.ts'
import type { Backend, BackendOptions, BackendRun, Liveness } from './backends/backend.ts'
import { NeverStarted, statusBefore } from './earlier.ts'
import { partsOf, withoutType } from './parts.ts'
import { look, MENDS, type Sighting, settle } from './sighting.ts'
import { deriveStatus, type Evidence, hasEnded, type TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** A task's last run, and what it shows. */
export interface Observation {
  readonly task: TaskManageable
  readonly status: TaskStatus
  /** The run as its backend knows it; undefined when the task was never started. */
  readonly run?: ObservedRun | undefined
}

/** What backends are told of a run, and where its files are. */
export interface ObservedRun extends BackendRun {
  /** The backend that has it, which need not be the descriptor's. */
  readonly backend: Backend
  readonly files: Run
  readonly journal: Journal | undefined
  /** What of its files is damaged, as far as they were read. */
  readonly damage: Damage
  /** Whether it waits in the queue of its backend. */
  readonly isQueued: boolean
}

/** Finds out the status of some tasks. */
export async function observe(tasks: readonly TaskManageable[]): Promise<Observation[]> {
  const looks = tasks.map(look)
  const sightings = looks.filter((found): found is Sighting => !(found instanceof Damage))
  await provideBackends(sightings)
  const liveness = await queryBackends(sightings)
  const living = new LivingRuns()
  const observations = looks.map((found, index) => {
    if (!(found instanceof Damage)) return conclude(found, liveness.get(found), living)
    const task = tasks[index] as TaskManageable
    const isUnknown = found.found.length > 0
    return { task, status: isUnknown ? unknownFor(found) : new NeverStarted(task, found) }
  })
  return observations.includes(undefined)
    ? observeRemoved(tasks, observations)
    : (observations as Observation[])
}

/** Looks again at tasks whose run was removed while we looked: they may have a newer one, or none any more. */
async function observeRemoved(
  tasks: readonly TaskManageable[],
  observations: readonly (Observation | undefined)[],
): Promise<Observation[]> {
  const again = await observe(tasks.filter((_, index) => observations[index] === undefined))
  return observations.map(observation => observation ?? (again.shift() as Observation))
}

/** Makes sure that there is a backend for each run. */
async function provideBackends(sightings: readonly Sighting[]): Promise<void> {
  for (const { task, starter } of sightings)
    if (starter?.backend) await partsOf(task.context).provide(starter.backend.type)
}

function backendOf({ task, starter }: Sighting): Backend {
  return starter?.backend === undefined ? task.backend : partsOf(task.context).backend(starter.backend.type)
}

function optionsOf({ task, starter }: Sighting): BackendOptions {
  return starter?.backend === undefined ? task.backendOptions : withoutType(starter.backend)
}

/** Where it cannot be seen which run is the last one. */
function unknownFor(damage: Damage): TaskStatus {
  return { state: 'unknown', words: 'damaged', damage }
}

/** Asks each backend once about those runs that only it can know about. */
async function queryBackends(sightings: readonly Sighting[]): Promise<Map<Sighting, Liveness>> {
  const questions = sightings.filter(isForBackend)
  const answers = await Promise.all(
    [...groupBy(questions, backendOf)].map(async ([backend, asked]) => {
      const liveness = await query(backend, asked)
      return asked.map((sighting, index) => [sighting, liveness[index] ?? { state: 'gone' }] as const)
    }),
  )
  return new Map(answers.flat())
}

/** A backend that cannot be asked knows nothing, in its own words. */
async function query(backend: Backend, sightings: readonly Sighting[]): Promise<readonly Liveness[]> {
  try {
    return await backend.query(sightings.map(sighting => toBackendRun(sighting)))
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error
    return sightings.map(() => ({ state: 'unknown', reason: error.message }))
  }
}

function isForBackend(sighting: Sighting): boolean {
  const { journal, starter } = sighting
  const backend = backendOf(sighting)
  if (hasEnded(journal)) return backend.mayRestart(optionsOf(sighting)) && journal?.void === undefined
  if (!backend.runsHere) return true
  return journal === undefined && starter !== undefined && isFromHere(starter.by) && !isStarterAlive(starter)
}

function toBackendRun(sighting: Sighting, liveness?: Liveness): ObservedRun {
  const { run, journal, name, damage, wrapper } = sighting
  return {
    name,
    script: runFiles.script(run.directory),
    backend: backendOf(sighting),
    options: optionsOf(sighting),
    get id() {
      return damage.read(() => readSubmitted(run), MENDS.other)?.id
    },
    wrapper: journal?.claimed?.wrapper ?? wrapper,
    parent: journal?.claimed?.parent,
    command: journal?.spawned?.command,
    files: run,
    journal,
    damage,
    isQueued: liveness?.state === 'alive' && liveness.waiting !== undefined,
  }
}

/** @returns undefined for a run that has been removed meanwhile */
function conclude(
  first: Sighting,
  answer: Liveness | undefined,
  living: LivingRuns,
): Observation | undefined {
  const isStarting = first.starter !== undefined && isStarterAlive(first.starter) // before the journal is read for the last time
  const { sighting, liveness } = settle(first, answer, backendOf(first).runsHere)
  const { task, run, journal, starter, damage } = sighting
  if (journal === undefined && isRemoved(run)) return undefined
  if (journal?.damage) damage.note(journal.damage, MENDS.journal)
  const observed = toBackendRun(sighting, liveness)
  const evidence: Evidence = {
    run,
    journal,
    starter,
    damage,
    lacksStarter: sighting.lacksStarter,
    liveness,
    isStarterAlive: isStarting,
    readAsked: () => damage.read(() => readAsked(run), MENDS.other) ?? [],
    isHalted: () => isRunHalted(observed),
    hasProcesses:
      hasEnded(journal) || journal?.stayed !== undefined || liveness.state === 'gone'
        ? living.has(observed, starter?.by)
        : undefined,
    backendType: observed.backend.type,
    backendId: observed.backend.idOf(observed),
    processes: observed,
  }
  // A clean that was broken off has ended no run, and none is hidden by it.
  const isAbandoned = journal?.void !== undefined && isBlocker(starter) && !isStarting
  return { task, run: observed, status: isAbandoned ? statusBefore(task, run) : deriveStatus(evidence) }
}

/** Whether nothing of a run goes on: it waits in its backend, or its command is seen to be stopped. */
function isRunHalted({ isQueued, command }: ObservedRun): boolean {
  return isQueued || (command !== undefined && isHalted(command))
}

/** Which runs have living processes besides their wrappers. /proc is read when it is first asked for. */
class LivingRuns {
  #bearers: RunBearers | undefined
  #table: ProcessTable | undefined

  /**
   * Undefined where they would be on another host.
   * @param starter who started it: it is told apart by that where no wrapper is known
   */
  has(run: ObservedRun, starter: ProcessIdentity | undefined): boolean | undefined {
    if (run.journal?.void) return false
    const owner = run.wrapper ?? starter
    if (owner !== undefined && owner.host !== thisHost().host) return undefined
    if (owner !== undefined && !isFromHere(owner)) return false // processes do not outlive the boot
    this.#bearers ??= RunBearers.find()
    if (this.#bearers.bear(run)) return true
    if (run.journal?.ended) return false
    // The wrapper was killed: what shows nothing may still be in the command's session.
    this.#table ??= ProcessTable.read()
    return this.#table.membersOf(run).length > 0
  }
}
