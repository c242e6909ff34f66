/**
 * Gathers the evidence of many tasks at once: the files of their last runs, one pass over /proc where it is needed, and
 * one query per backend. The backend is asked first, and whether the starter is alive, and the journal read after it, so that a
 * run that ends in between is seen as ended, not as lost.
 */
import { groupBy } from '../../core/group-by.ts'
import { SpmiError } from '../../errors.ts'
import { readAsked } from '../../store/asked.ts'
import type { Journal } from '../../store/journal.ts'
import { runFiles } from '../../store/layout.ts'
import {
  findLastRun,
  isBlocker,
  isChosen,
  isRemoved,
  isStarterAlive,
  journalAge,
  type Run,
  readJournal,
  readStarter,
  readSubmitted,
  type Starter,
} from '../../store/run-store.ts'
import { isAlive, isFromHere, isStopped, thisHost } from '../../system/process.ts'
import { RunBearers } from '../../system/run-marks.ts'
import { ProcessTable } from '../../system/run-processes.ts'
import type { Backend, BackendOptions, BackendRun, Liveness } from './backends/backend.ts'
import { NeverStarted, statusBefore } from './earlier.ts'
import { partsOf, withoutType } from './parts.ts'
import { deriveStatus, type Evidence, hasEnded, type TaskStatus } from './status.ts'
import type { TaskManageable } from './task.ts'

/** Milliseconds after which a journal that says nothing is that of a wrapper that died while it made it. */
const CLAIM_TIMEOUT = 10_000

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
  /** Whether it waits in the queue of its backend. */
  readonly isQueued: boolean
}

interface Sighting {
  readonly task: TaskManageable
  readonly run: Run
  readonly journal: Journal | undefined
  readonly starter: Starter | undefined
}

/** Finds out the status of some tasks. */
export async function observe(tasks: readonly TaskManageable[]): Promise<Observation[]> {
  const sightings = tasks.map(look)
  await provideBackends(sightings)
  const liveness = await queryBackends(sightings.filter(sighting => sighting !== undefined))
  const living = new LivingRuns()
  const observations = tasks.map((task, index) => {
    const sighting = sightings[index]
    if (sighting === undefined) return { task, status: new NeverStarted(task) }
    return conclude(sighting, liveness.get(sighting), living)
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

function look(task: TaskManageable): Sighting | undefined {
  const run = findLastRun(task.directory)
  if (run === undefined) return undefined
  const journal = readJournal(run)
  // The journal of a run that was started says all that the starter does, but for a backend that is not its descriptor's.
  const { claimed } = journal ?? {}
  const isToldByJournal = claimed !== undefined && !isChosen(claimed.name) && !task.isReplaced
  return { task, run, journal, starter: isToldByJournal ? undefined : readStarter(run) }
}

/** Makes sure that there is a backend for each run. */
async function provideBackends(sightings: readonly (Sighting | undefined)[]): Promise<void> {
  for (const { task, starter } of sightings.filter(sighting => sighting !== undefined))
    if (starter?.backend) await partsOf(task.context).provide(starter.backend.type)
}

function backendOf({ task, starter }: Sighting): Backend {
  return starter?.backend === undefined ? task.backend : partsOf(task.context).backend(starter.backend.type)
}

function optionsOf({ task, starter }: Sighting): BackendOptions {
  return starter?.backend === undefined ? task.backendOptions : withoutType(starter.backend)
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
  const { run, journal, starter } = sighting
  return {
    name: journal?.claimed?.name ?? starter?.name ?? '',
    script: runFiles.script(run.directory),
    backend: backendOf(sighting),
    options: optionsOf(sighting),
    get id() {
      return readSubmitted(run)?.id
    },
    wrapper: journal?.claimed?.wrapper,
    parent: journal?.claimed?.parent,
    command: journal?.spawned?.command,
    files: run,
    journal,
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
  const { sighting, liveness } = settle(first, answer)
  const { task, run, journal, starter } = sighting
  if (journal === undefined && isRemoved(run)) return undefined
  const observed = toBackendRun(sighting, liveness)
  const evidence: Evidence = {
    run,
    journal,
    starter,
    liveness,
    isStarterAlive: isStarting,
    readAsked: () => readAsked(run),
    isHalted: () => isHalted(observed),
    hasProcesses:
      hasEnded(journal) || journal?.stayed !== undefined || liveness.state === 'gone'
        ? living.has(observed)
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
function isHalted({ isQueued, command }: ObservedRun): boolean {
  return isQueued || (command !== undefined && isStopped(command))
}

/**
 * A run that seems to be gone may have gone on after its journal was read: a wrapper that has come meanwhile is alive, and
 * one that has ended meanwhile has noted it. So the journal is read until it says nothing new.
 */
function settle(
  first: Sighting,
  answer: Liveness | undefined,
): { readonly sighting: Sighting; readonly liveness: Liveness } {
  let sighting = first
  let liveness = answer ?? judge(first)
  while (liveness.state === 'gone' && !hasEnded(sighting.journal)) {
    const journal = readJournal(sighting.run)
    if (countRecords(journal) === countRecords(sighting.journal)) break
    sighting = { ...sighting, journal }
    if (backendOf(sighting).runsHere) liveness = judge(sighting)
  }
  return { sighting, liveness }
}

function countRecords(journal: Journal | undefined): number {
  return journal === undefined ? -1 : Object.keys(journal).length + journal.signalled.length
}

/** Where the processes of a run live on its starter's host, they themselves say whether it is alive. */
function judge({ run, journal, starter }: Sighting): Liveness {
  const owner = journal?.claimed?.wrapper ?? starter?.by
  if (owner === undefined || hasEnded(journal)) return { state: 'gone' }
  if (owner.host !== thisHost().host) return { state: 'unknown', reason: `runs on ${owner.host}, ask there` }
  if (journal?.claimed) return { state: isAlive(owner) ? 'alive' : 'gone' }
  // A journal that says nothing yet: its wrapper is between making it and writing, or died there, or with the whole host.
  const isBeingMade = journal !== undefined && isFromHere(owner) && journalAge(run) < CLAIM_TIMEOUT
  return { state: isBeingMade ? 'alive' : 'gone' }
}

/** Which runs have living processes besides their wrappers. /proc is read when it is first asked for. */
class LivingRuns {
  #bearers: RunBearers | undefined
  #table: ProcessTable | undefined

  /** Undefined where they would be on another host. */
  has(run: ObservedRun): boolean | undefined {
    const { wrapper } = run
    if (wrapper !== undefined && wrapper.host !== thisHost().host) return undefined
    if (wrapper === undefined || !isFromHere(wrapper)) return false // processes do not outlive the boot
    this.#bearers ??= RunBearers.find()
    if (this.#bearers.bear(run)) return true
    if (run.journal?.ended) return false
    // The wrapper was killed: what shows nothing may still be in the command's session.
    this.#table ??= ProcessTable.read()
    return this.#table.membersOf(run).length > 0
  }
}
