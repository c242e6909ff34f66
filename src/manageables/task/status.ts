/**
 * Evidence → status. Status is derived, never stored; the first line that matches says it:
 *
 *   no run                                            inactive, never started
 *   the journal has the run's end                     inactive: how and when it ended
 *   ... but its backend may run it again, and has it  active (the backend's reason for waiting, or ending)
 *   ... but processes of the run live on              active (left behind)
 *   a local backend, and the run is another host's    unknown (runs on HOST)
 *   the backend could not be asked                    unknown (the backend's own words)
 *   alive, the command not started                    active (waiting: the backend's reason, or starting)
 *   alive, the command ended                          active (left behind) while processes of the run live
 *   alive                                             active; stopping, if asked; paused, if asked and seen
 *   no journal, the starter still alive               active (starting)
 *   not alive, but processes of the run live          active (left behind)
 *   ... and what only its starter knew is damaged     unknown (damaged)
 *   not alive, the command's end is recorded          inactive: how it ended
 *   not alive                                         inactive (lost)
 */
import type { Outcome } from '../../core/facts.ts'
import type { ManageableState, ManageableStatus } from '../../core/manageable.ts'
import type { Asked } from '../../store/asked.ts'
import type { Damage } from '../../store/damage.ts'
import type { Journal } from '../../store/journal.ts'
import { isBlocker, type Run, type StartedWrapper, type Starter } from '../../store/run-store.ts'
import { nameSignal } from '../../system/process.ts'
import type { RunProcesses } from '../../system/run-processes.ts'
import type { Liveness } from './backends/backend.ts'

/** What is known of a task's last run. */
export interface Evidence {
  readonly run: Run
  readonly journal: Journal | undefined
  readonly starter: Starter | undefined
  /** What of its files is damaged. */
  readonly damage?: Damage | undefined
  /** Whether what only the starter knows is lost with it. */
  readonly lacksStarter?: boolean
  /** Whether the process that starts the run is still at it. */
  readonly isStarterAlive: boolean
  /** The type of the run's backend. */
  readonly backendType: string
  /** What the backend calls the run. */
  readonly backendId: string | undefined
  /** By what its processes are found. */
  readonly processes?: RunProcesses | undefined
  /** Who asked for what: read only where it matters. */
  readonly readAsked: () => readonly Asked[]
  /** Whether nothing of the run goes on: looked at only where it matters. */
  readonly isHalted: () => boolean
  /** Whether the run is alive: its wrapper, or what its backend says. */
  readonly liveness: Liveness
  /** Whether processes of the run live apart from its wrapper; undefined where they cannot be seen from here. */
  readonly hasProcesses: boolean | undefined
}

/** The status of a task. */
export interface TaskStatus extends ManageableStatus {
  /** The last run; undefined when the task was never started. */
  readonly run?: Run | undefined
  /** When the command of the last run was started. */
  readonly startedAt?: Date | undefined
  /** When the last run ended; undefined while it is active or when it is lost. */
  readonly endedAt?: Date | undefined
  readonly outcome?: Outcome | undefined
  /** How the command ended, as status shows it: `0`, `143 (SIGTERM)`. Undefined while it runs or when it is lost. */
  readonly exit?: string | undefined
  /** The exit code as a shell gives it: 128 + n for a death by signal n. */
  readonly exitCode?: number | undefined
  /** The type of the last run's backend; undefined when the task was never started. */
  readonly backendType?: string | undefined
  /** What the backend calls the run. */
  readonly backendId?: string | undefined
  /** The wrapper of the last run, where that may not be the descriptor's. */
  readonly startedWrapper?: StartedWrapper | undefined
  /** The pid of the command. */
  readonly pid?: number | undefined
  /** By what the run's processes are found. */
  readonly processes?: RunProcesses | undefined
  /** Whether the run's number is only taken so that nobody starts. */
  readonly isBlocked?: boolean | undefined
}

/** The status of a task that has been started at least once. */
export function deriveStatus(evidence: Evidence): TaskStatus {
  const { run, journal } = evidence
  const conclusion = conclude(evidence)
  return {
    ...conclusion,
    run,
    startedAt: toDate(journal?.spawned?.at),
    endedAt: conclusion.state === 'inactive' ? toDate((journal?.ended ?? journal?.exited)?.at) : undefined,
    exitCode: journal?.exited && journal.exited.code >= 0 ? journal.exited.code : undefined,
    get exit() {
      return journal?.exited && explainExit(journal.exited.code, () => signalsSent(evidence))
    },
    backendType: evidence.backendType,
    backendId: evidence.backendId,
    startedWrapper: evidence.starter?.wrapper,
    pid: journal?.spawned?.command.pid,
    processes: evidence.processes,
    damage: evidence.damage,
    isBlocked: journal?.void !== undefined && evidence.isStarterAlive && isBlocker(evidence.starter),
  }
}

type Conclusion = Pick<TaskStatus, 'state' | 'words' | 'since' | 'outcome'>

function conclude(evidence: Evidence): Conclusion {
  const { journal, liveness } = evidence
  if (journal && hasEnded(journal) && !mayGoOn(evidence))
    return evidence.hasProcesses ? leftBehind(journal) : concludeEnd(journal, evidence)
  if (liveness.state === 'unknown') return say('unknown', undefined, liveness.reason)
  if (liveness.state === 'alive') return concludeLife(evidence, liveness)
  if (journal === undefined && evidence.isStarterAlive) return say('active', evidence.starter?.at, 'starting')
  if (evidence.hasProcesses) return leftBehind(journal)
  if (journal?.exited) return concludeExit(journal) // what it left behind is gone, and so is its wrapper
  if (evidence.lacksStarter) return say('unknown', undefined, 'damaged')
  const reason = liveness.reason === undefined ? '' : `: ${liveness.reason}`
  return { ...say('inactive', undefined, `lost${reason}`), outcome: 'lost' }
}

/** Whether the recorded end may not be the last one: the backend may run the script again, and has it still. */
function mayGoOn({ liveness }: Evidence): boolean {
  return liveness.state !== 'gone'
}

/** Whether a journal says that its run is over. */
export function hasEnded(journal: Journal | undefined): boolean {
  return (journal?.ended ?? journal?.refused ?? journal?.void) !== undefined
}

function concludeEnd(journal: Journal, { starter, isStarterAlive }: Evidence): Conclusion {
  const failure = journal.refused ?? journal.void
  if (failure && isBlocker(starter))
    return say('inactive', failure.at, isStarterAlive ? 'being cleaned' : undefined)
  if (failure) return { ...say('inactive', failure.at, `start failed: ${failure.reason}`), outcome: 'failed' }
  return concludeExit(journal)
}

function concludeExit(journal: Journal): Conclusion {
  const words = journal.exited === undefined ? 'lost' : undefined // cut out of a damaged journal
  return { ...say('inactive', (journal.ended ?? journal.exited)?.at, words), outcome: outcomeOf(journal) }
}

function outcomeOf({ exited }: Journal): Outcome {
  if (exited === undefined) return 'lost'
  return exited.code === 0 ? 'succeeded' : 'failed'
}

function concludeLife(evidence: Evidence, liveness: Liveness & { state: 'alive' }): Conclusion {
  const { journal, starter } = evidence
  if (journal && hasEnded(journal)) return say('active', journal.ended?.at, liveness.waiting ?? 'ending')
  if (journal?.stayed) return evidence.hasProcesses === false ? concludeExit(journal) : leftBehind(journal)
  const words = sayAsked(evidence)
  if (words !== undefined) return say('active', journal?.spawned?.at, words)
  if (journal?.spawned) return say('active', journal.spawned.at, liveness.waiting)
  return say('active', journal?.claimed?.at ?? starter?.at, liveness.waiting ?? 'starting')
}

/** What was asked last and can be seen. Somebody may have continued by hand what was paused. */
function sayAsked({ journal, readAsked, isHalted }: Evidence): 'stopping' | 'paused' | undefined {
  const asked = readAsked()
  if (asked.some(({ verb }) => verb === 'stop' || verb === 'kill')) return 'stopping'
  const last = asked.findLast(({ verb }) => verb === 'pause' || verb === 'resume')
  const isThisAttempt =
    journal?.spawned !== undefined &&
    last !== undefined &&
    (!last.mayBeEarlier || last.at >= journal.spawned.at)
  return isThisAttempt && last.verb === 'pause' && isHalted() ? 'paused' : undefined
}

function leftBehind(journal: Journal | undefined): Conclusion {
  return say('active', journal?.spawned?.at, 'left behind')
}

function say(state: ManageableState, at: number | undefined, words?: string): Conclusion {
  return { state, words, since: toDate(at) }
}

function toDate(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at)
}

function signalsSent({ journal, readAsked }: Evidence): Set<string> {
  return new Set([...(journal?.signalled ?? []), ...readAsked()].map(sent => sent.signal))
}

/** The exit code, and the signal that it stands for; a shell's code alone cannot tell a death from an exit. */
function explainExit(code: number, readSent: () => ReadonlySet<string>): string {
  if (code < 0) return 'unknown (the shell lost it)' // bash's wait can answer -1 when signals come at the very end
  const signal = code > 128 ? nameSignal(code - 128) : undefined
  if (signal === undefined) return String(code)
  return readSent().has(signal) ? `${code} (${signal})` : `${code} (${signal} or exit ${code})`
}
