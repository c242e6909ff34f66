/**
 * What the files of a task's last run show. A damaged one counts as absent, is noted, and the others are asked what it would have said: the script
 * for the name of the run, and /proc for its wrapper.
 */
import { Damage, DamagedFile, MOVE_AWAY } from '../../store/damage.ts'
import type { Journal } from '../../store/journal.ts'
import { runFiles } from '../../store/layout.ts'
import {
  findLastRun,
  isChosen,
  isRemoved,
  type Run,
  readJournal,
  readScriptName,
  readStarter,
  type Starter,
} from '../../store/run-store.ts'
import { isAlive, isFromHere, type ProcessIdentity, thisHost } from '../../system/process.ts'
import { findShellOf } from '../../system/run-marks.ts'
import type { Liveness } from './backends/backend.ts'
import { hasEnded } from './status.ts'
import type { TaskManageable } from './task.ts'

/** What mends a damaged file of a run, in so far as it can be mended. */
export const MENDS = {
  journal: '"spmi start" begins a new run',
  starter: 'move it away when nothing of its run lives',
  other: MOVE_AWAY,
} as const

/** A task's last run, as its files show it. */
export interface Sighting {
  readonly task: TaskManageable
  readonly damage: Damage
  readonly run: Run
  readonly journal: Journal | undefined
  /** Undefined also where nobody needs to read it. */
  readonly starter: Starter | undefined
  /** Whether what only the starter knows is lost with it. */
  readonly lacksStarter: boolean
  /** The run's name; empty when nothing tells it any more. */
  readonly name: string
  /** The wrapper, where it is not the journal that says which it is. */
  readonly wrapper?: ProcessIdentity | undefined
}

/** Looks for the last run of a task. @returns what was met instead, when there is none to be seen */
export function look(task: TaskManageable): Sighting | Damage {
  const damage = new Damage(task.id)
  const run = damage.read(() => findLastRun(task.directory), MENDS.other)
  if (run === undefined) return damage
  const journal = readJournal(run)
  // The journal of a run that was started says all that the starter does, but for a backend that is not its descriptor's.
  const { claimed } = journal ?? {}
  const isToldByJournal = claimed !== undefined && !isChosen(claimed.name) && !task.isReplaced
  if (isToldByJournal)
    return { task, damage, run, journal, starter: undefined, lacksStarter: false, name: claimed.name }
  const starter = damage.read(() => readStarter(run), MENDS.starter)
  const isNothing = journal === undefined && starter === undefined && damage.found.length === 0
  if (isNothing && !isRemoved(run))
    damage.note(new DamagedFile(run.directory, 'it holds no run'), MENDS.other)
  const lacksStarter = starter === undefined && damage.found.length > 0
  const name = claimed?.name ?? starter?.name ?? damage.read(() => readScriptName(run), MENDS.other) ?? ''
  return { task, damage, run, journal, starter, lacksStarter, name }
}

/**
 * A run that seems to be gone may have gone on after its journal was read: a wrapper that has come meanwhile is alive, and
 * one that has ended meanwhile has noted it. So the journal is read until it says nothing new.
 * @param answer what the backend says, where it was asked
 */
export function settle(
  first: Sighting,
  answer: Liveness | undefined,
  runsHere: boolean,
): { readonly sighting: Sighting; readonly liveness: Liveness } {
  let sighting = first
  let liveness = answer ?? judge(first)
  while (liveness.state === 'gone' && !hasEnded(sighting.journal)) {
    const journal = readJournal(sighting.run)
    if (countRecords(journal) === countRecords(sighting.journal)) break
    sighting = { ...sighting, journal, name: journal?.claimed?.name ?? sighting.name }
    if (runsHere) liveness = judge(sighting)
  }
  if (liveness.state !== 'gone' || !isSilent(sighting.journal) || !runsHere) return { sighting, liveness }
  const wrapper = findShellOf(runFiles.script(sighting.run.directory))
  return wrapper === undefined
    ? { sighting, liveness }
    : { sighting: { ...sighting, wrapper }, liveness: { state: 'alive' } }
}

function countRecords(journal: Journal | undefined): number {
  return journal === undefined ? -1 : Object.keys(journal).length + journal.signalled.length
}

/** Whether there is a journal, and it says nothing of the run. */
function isSilent(journal: Journal | undefined): boolean {
  return journal !== undefined && journal.claimed === undefined && !hasEnded(journal)
}

/** Where the processes of a run live on its starter's host, they themselves say whether it is alive. */
function judge({ journal, starter }: Sighting): Liveness {
  const owner = journal?.claimed?.wrapper ?? starter?.by
  if (hasEnded(journal)) return { state: 'gone' }
  if (owner !== undefined && owner.host !== thisHost().host)
    return { state: 'unknown', reason: `runs on ${owner.host}, ask there` }
  if (journal?.claimed) return { state: isAlive(journal.claimed.wrapper) ? 'alive' : 'gone' }
  // A journal that says nothing yet: its wrapper is between making it and writing, or died there, or with the whole host.
  const isBeingMade = isSilent(journal) && journal?.damage === undefined
  return { state: isBeingMade && (owner === undefined || isFromHere(owner)) ? 'alive' : 'gone' }
}
