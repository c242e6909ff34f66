/**
 * The processes of a run, found by every mark that they can carry, and their end.
 *
 * A process belongs to a run when it is in the session of the run's command, when it bears the run (run-marks.ts: by its
 * environment, or by a mark that it does not know of), or when it descends from one that does; a process that bears another
 * run does not belong, nor does what descends from it (a task may start another task). What takes off all of these cannot
 * be told from a stranger and is not touched: only a control group would be complete.
 */

import {
  exists,
  hasHalted,
  isAlive,
  isDead,
  isMeant,
  type ProcessIdentity,
  type ProcessStat,
  readStat,
  type SignalName,
  signalGroup,
  signalProcess,
  thisHost,
  thisProcess,
} from './process.ts'
import { isOfItsTime, markOf, readMark, readRunVariable } from './run-marks.ts'
import { sleep } from './sleep.ts'
import { continueHeld, settleTerminalHolders } from './terminal-holder.ts'
import { visitProcesses } from './visit-processes.ts'

/** What is known of a run's processes. */
export interface RunProcesses {
  /** The run's name: what the environment of its processes says. */
  readonly name: string
  readonly wrapper?: ProcessIdentity | undefined
  /** The command: leader of a session and a process group of its own. */
  readonly command?: ProcessIdentity | undefined
}

/** A living process of this host, with the run that its environment names. */
interface Entry extends ProcessStat {
  readonly run: string | undefined
  /** The mark that it bears, null without one: read when it is asked for. */
  mark?: number | null
}

/** All living processes of this host at one moment. */
export class ProcessTable {
  readonly #entries = new Map<number, Entry>()
  readonly #children = new Map<number, Entry[]>()

  private constructor() {}

  /**
   * Reads /proc once. Other users' environments stay unknown.
   * @param onSight called with each process at once: what hops from fork to fork is gone when the others have been read
   */
  static read(onSight?: (entry: Entry) => void): ProcessTable {
    const table = new ProcessTable()
    visitProcesses((pid, isNew) => {
      const stat = readStat(pid)
      if (!stat || isDead(stat)) return
      const entry: Entry = { ...stat, run: readRunVariable(pid) }
      if (isNew && !entry.run) ownMark(entry) // later it may be gone
      table.#add(entry)
      onSight?.(entry)
    })
    return table
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.pid, entry)
    const siblings = this.#children.get(entry.parent)
    if (siblings) siblings.push(entry)
    else this.#children.set(entry.parent, [entry])
  }

  /** The processes of a run without its wrapper, what holds its terminal, and ourselves. */
  membersOf(run: RunProcesses): ProcessStat[] {
    const members = new Map<number, Entry>()
    const mark = markOf(run.name)
    const add = (entry: Entry): void => {
      // The command itself bears its wrapper's environment until its first exec.
      const isCommand = run.command !== undefined && isMeant(run.command, entry)
      if ((bearsOther(entry, run, mark) && !isCommand) || members.has(entry.pid)) return
      members.set(entry.pid, entry)
      for (const child of this.#children.get(entry.pid) ?? []) add(child)
    }
    // The session's number is the command's pid: proved while the command exists, or while the wrapper does,
    // which stays as long as the command's group is not empty, so that the number cannot be reused.
    const session = isSessionProved(run) ? run.command?.pid : undefined
    for (const entry of this.#entries.values())
      if (bears(entry, run, mark) || (session !== undefined && entry.session === session)) add(entry)
    if (run.wrapper && isAlive(run.wrapper))
      for (const child of this.#children.get(run.wrapper.pid) ?? []) add(child)
    for (const holder of this.terminalHoldersOf(run)) members.delete(holder.pid)
    return [...members.values()].filter(entry => !isSpared(entry, run))
  }

  /**
   * What holds the terminal of a run's command, if it has one: the program between wrapper and command (see terminal.sh),
   * which ends with the command. To signal it would be to signal the command a second time.
   */
  terminalHoldersOf({ name, wrapper, command }: RunProcesses): ProcessStat[] {
    const parent = command && this.#entries.get(readStat(command.pid)?.parent ?? 0)
    const children = wrapper && isAlive(wrapper) ? this.#children.get(wrapper.pid) : undefined
    const candidates = new Set([...(parent ? [parent] : []), ...(children ?? [])])
    return [...candidates].filter(({ pid, run }) => name !== '' && run === name && pid !== command?.pid)
  }
}

/** Whether a process shows that it is of a run. What its environment says prevails. @param mark the run's */
function bears(entry: Entry, run: RunProcesses, mark = markOf(run.name)): boolean {
  if (entry.run) return entry.run === run.name
  return mark !== undefined && isOfItsTime(run, entry) && ownMark(entry) === mark
}

/** Whether a process shows that it is of another run than this one, or that SPMI took it out of all. @param mark the run's */
function bearsOther(entry: Entry, run: RunProcesses, mark: number | undefined): boolean {
  if (entry.run) return entry.run !== run.name
  const own = ownMark(entry)
  return own === undefined ? entry.run === '' : own !== mark
}

/** What is no member in any case: the run's wrapper (whose number may be another's by now), and ourselves. */
function isSpared(entry: Entry, { wrapper }: RunProcesses): boolean {
  return entry.pid === thisProcess().pid || (wrapper !== undefined && isMeant(wrapper, entry))
}

function ownMark(entry: Entry): number | undefined {
  if (entry.mark === undefined) entry.mark = readMark(entry.pid) ?? null
  return entry.mark ?? undefined
}

/** Whether the session and group that bear the command's pid are still the command's. */
export function isSessionProved(run: RunProcesses): boolean {
  if (!run.command) return false
  return exists(run.command) || (run.wrapper !== undefined && isAlive(run.wrapper))
}

/** Lets every process of some runs go on. */
export async function resumeRuns(runs: readonly RunProcesses[]): Promise<void> {
  await continueHeld(runs, () => signalMembers(runs, 'SIGCONT'))
}

/** Sends a signal to the process groups of the commands of some runs. */
export function signalGroups(runs: readonly RunProcesses[], signal: SignalName): void {
  for (const run of runs) if (run.command && isSessionProved(run)) signalGroup(run.command.pid, signal)
}

/** Sends a signal to the processes of some runs that `signalGroups` does not reach. */
export function signalStrays(runs: readonly RunProcesses[], signal: SignalName): void {
  const table = ProcessTable.read()
  for (const run of runs) {
    const group = run.command && isSessionProved(run) ? run.command.pid : undefined
    for (const member of table.membersOf(run)) if (member.group !== group) signalEntry(member, signal)
  }
}

/** Sends a signal once to each process that some runs have at this moment, their wrappers excepted. */
export function signalMembers(runs: readonly RunProcesses[], signal: SignalName): void {
  const table = ProcessTable.read()
  for (const run of runs) for (const member of table.membersOf(run)) signalEntry(member, signal)
}

/**
 * Stops every process of some runs, their wrappers excepted, until two passes in a row find none that runs.
 * @param deadline milliseconds after which it gives up
 * @returns what runs on, by the run's name: empty when nothing does
 */
export async function haltRuns(
  runs: readonly RunProcesses[],
  deadline: number,
): Promise<Map<string, ProcessStat[]>> {
  const until = performance.now() + deadline
  for (let quietPasses = 0; quietPasses < 2; ) {
    const table = ProcessTable.read()
    const running = new Map(
      runs.map(run => [run.name, table.membersOf(run).filter(member => !hasHalted(member))]),
    )
    const targets = [...running.values()].flat()
    quietPasses = targets.length === 0 ? quietPasses + 1 : 0
    if (targets.length === 0) continue
    if (performance.now() > until) return new Map([...running].filter(([, left]) => left.length > 0))
    for (const target of targets) signalEntry(target, 'SIGSTOP')
    await sleep(1)
  }
  await settleTerminalHolders(runs)
  return new Map()
}

/**
 * Kills every process of some runs, their wrappers excepted: stops them all first, so that none can fork away,
 * then kills them, until two passes in a row find none.
 * @param deadline milliseconds after which it gives up
 * @returns what is left, by the run's name: empty when none is
 */
export async function killRuns(
  runs: readonly RunProcesses[],
  deadline: number,
): Promise<Map<string, ProcessStat[]>> {
  const until = performance.now() + deadline
  const isBearer = bearersOf(runs)
  let stopped = new Set<string>()
  // What was stopped is to be killed, also when by then nothing tells any more that it belongs to its run.
  let known = new Map<string, ProcessStat[]>()
  let isAnyNew = false
  const stop = (process: ProcessStat) => {
    if (stopped.has(keyOf(process))) return
    isAnyNew = true
    if (signalEntry(process, 'SIGSTOP')) stopped.add(keyOf(process))
  }
  for (let emptyPasses = 0; ; ) {
    isAnyNew = false
    const table = ProcessTable.read(entry => isBearer(entry) && stop(entry))
    const members = new Map(
      runs.map(run => {
        const left = (known.get(run.name) ?? []).filter(each => isAlive({ ...thisHost(), ...each }))
        const found = [...table.membersOf(run), ...table.terminalHoldersOf(run), ...left]
        return [run.name, [...new Map(found.map(each => [keyOf(each), each])).values()]]
      }),
    )
    known = members
    const targets = [...members.values()].flat()
    if (targets.length === 0) {
      if (++emptyPasses === 2) return new Map()
      continue
    }
    emptyPasses = 0
    if (performance.now() > until) return new Map([...members].filter(([, left]) => left.length > 0))
    targets.forEach(stop)
    if (isAnyNew) continue // what they have forked meanwhile comes first
    for (const target of targets) signalEntry(target, 'SIGKILL')
    stopped = new Set()
    await sleep(1)
  }
}

/** Whether a process is of one of some runs by what it shows, and not spared. */
function bearersOf(runs: readonly RunProcesses[]): (entry: Entry) => boolean {
  const byName = new Map(runs.map(run => [run.name, run]))
  const byMark = new Map(runs.map(run => [markOf(run.name), run]))
  return entry => {
    const run = entry.run ? byName.get(entry.run) : byMark.get(ownMark(entry))
    return run !== undefined && bears(entry, run) && !isSpared(entry, run)
  }
}

function signalEntry({ pid, start }: ProcessStat, signal: SignalName): boolean {
  return signalProcess({ ...thisHost(), pid, start }, signal)
}

function keyOf(process: ProcessStat): string {
  return `${process.pid}.${process.start}`
}
