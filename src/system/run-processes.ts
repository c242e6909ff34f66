/**
 * The processes of a run, found by every mark that they can carry, and their end.
 *
 * A process belongs to a run when it is in the session of the run's command, when its environment names the run,
 * or when it descends from one that does; a process whose environment names another run does not belong, nor does
 * what descends from it (a task may start another task). What cleared its environment, left the session and was
 * orphaned cannot be told from a stranger and is not touched: only a control group would be complete.
 */

import {
  exists,
  hasStopped,
  isAlive,
  isDead,
  isMeant,
  listPids,
  type ProcessIdentity,
  type ProcessStat,
  readRunVariable,
  readStat,
  type SignalName,
  signalGroup,
  signalProcess,
  thisHost,
  thisProcess,
} from './process.ts'
import { sleep } from './sleep.ts'
import { settleTerminalHolders } from './terminal-holder.ts'

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
}

/** All living processes of this host at one moment. */
export class ProcessTable {
  readonly #entries = new Map<number, Entry>()
  readonly #children = new Map<number, Entry[]>()

  private constructor() {}

  /** Reads /proc once. Other users' environments stay unknown. */
  static read(): ProcessTable {
    const table = new ProcessTable()
    const seen = new Set<number>()
    // What is forked meanwhile is read too, until nothing is new: else what forks all the time would hop past us.
    for (let pids = listPids(); pids.length > 0; pids = listPids().filter(pid => !seen.has(pid)))
      for (const pid of pids) {
        seen.add(pid)
        table.#read(pid)
      }
    return table
  }

  #read(pid: number): void {
    const stat = readStat(pid)
    if (!stat || isDead(stat)) return
    const entry = { ...stat, run: readRunVariable(pid) }
    this.#entries.set(pid, entry)
    const siblings = this.#children.get(entry.parent)
    if (siblings) siblings.push(entry)
    else this.#children.set(entry.parent, [entry])
  }

  /** The processes of a run without its wrapper, what holds its terminal, and ourselves. */
  membersOf(run: RunProcesses): ProcessStat[] {
    const members = new Map<number, Entry>()
    const add = (entry: Entry): void => {
      // The command itself bears its wrapper's environment until its first exec.
      const isCommand = run.command !== undefined && isMeant(run.command, entry)
      const isOther = entry.run !== undefined && entry.run !== run.name && !isCommand
      if (isOther || members.has(entry.pid)) return
      members.set(entry.pid, entry)
      for (const child of this.#children.get(entry.pid) ?? []) add(child)
    }
    // The session's number is the command's pid: proved while the command exists, or while the wrapper does,
    // which stays as long as the command's group is not empty, so that the number cannot be reused.
    const session = isSessionProved(run) ? run.command?.pid : undefined
    for (const entry of this.#entries.values())
      if (entry.run === run.name || (session !== undefined && entry.session === session)) add(entry)
    if (run.wrapper && isAlive(run.wrapper))
      for (const child of this.#children.get(run.wrapper.pid) ?? []) add(child)
    if (run.wrapper) members.delete(run.wrapper.pid)
    for (const holder of this.terminalHoldersOf(run)) members.delete(holder.pid)
    members.delete(thisProcess().pid)
    return [...members.values()]
  }

  /**
   * What holds the terminal of a run's command, if it has one: the program between wrapper and command (see terminal.sh),
   * which ends with the command. To signal it would be to signal the command a second time.
   */
  terminalHoldersOf({ name, wrapper, command }: RunProcesses): ProcessStat[] {
    const parent = command && this.#entries.get(readStat(command.pid)?.parent ?? 0)
    const children = wrapper && isAlive(wrapper) ? this.#children.get(wrapper.pid) : undefined
    const candidates = new Set([...(parent ? [parent] : []), ...(children ?? [])])
    return [...candidates].filter(({ pid, run }) => run === name && pid !== command?.pid)
  }
}

/** Whether the session and group that bear the command's pid are still the command's. */
export function isSessionProved(run: RunProcesses): boolean {
  if (!run.command) return false
  return exists(run.command) || (run.wrapper !== undefined && isAlive(run.wrapper))
}

/** Lets every process of some runs go on. */
export async function resumeRuns(runs: readonly RunProcesses[]): Promise<void> {
  signalMembers(runs, 'SIGCONT')
  await settleTerminalHolders(runs)
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
    for (const member of table.membersOf(run))
      if (member.group !== group) signalProcess({ ...thisHost(), ...member }, signal)
  }
}

/** Sends a signal once to each process that some runs have at this moment, their wrappers excepted. */
export function signalMembers(runs: readonly RunProcesses[], signal: SignalName): void {
  const table = ProcessTable.read()
  for (const run of runs)
    for (const member of table.membersOf(run)) signalProcess({ ...thisHost(), ...member }, signal)
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
  const told = new Set<string>()
  // In an uninterruptible sleep the signal waits, and nothing of the program runs before it.
  const runsOn = (process: ProcessStat) =>
    !hasStopped(process) && !(process.state === 'D' && told.has(keyOf(process)))
  for (let quietPasses = 0; quietPasses < 2; ) {
    const table = ProcessTable.read()
    const running = new Map(runs.map(run => [run.name, table.membersOf(run).filter(runsOn)]))
    const targets = [...running.values()].flat()
    quietPasses = targets.length === 0 ? quietPasses + 1 : 0
    if (targets.length === 0) continue
    if (performance.now() > until) return new Map([...running].filter(([, left]) => left.length > 0))
    for (const target of targets) {
      signalProcess({ ...thisHost(), ...target }, 'SIGSTOP')
      told.add(keyOf(target))
    }
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
  let stopped = new Set<string>()
  let emptyPasses = 0
  for (;;) {
    const table = ProcessTable.read()
    const members = new Map(
      runs.map(run => [run.name, [...table.membersOf(run), ...table.terminalHoldersOf(run)]]),
    )
    const targets = [...members.values()].flat()
    if (targets.length === 0) {
      if (++emptyPasses === 2) return new Map()
      continue
    }
    emptyPasses = 0
    if (performance.now() > until) return new Map([...members].filter(([, left]) => left.length > 0))
    const isNew = (process: ProcessStat) => !stopped.has(keyOf(process))
    if (targets.some(isNew)) {
      for (const target of targets.filter(isNew)) signalProcess({ ...thisHost(), ...target }, 'SIGSTOP')
      stopped = new Set(targets.map(keyOf))
    } else {
      for (const target of targets) signalProcess({ ...thisHost(), ...target }, 'SIGKILL')
      stopped = new Set()
      await sleep(1)
    }
  }
}

function keyOf(process: ProcessStat): string {
  return `${process.pid}.${process.start}`
}
