/**
 * Processes of this host: their identity, and the signals that they get. All that is read of /proc is read here, but the list of processes (visit-processes.ts).
 *
 * A pid alone proves nothing, because it is reused. A process is identified by host, boot, pid and start time,
 * and the identity is checked right before every signal. Source: proc(5), proc_pid_stat(5).
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { constants as system } from 'node:os'
import { kill, pid as ownPid } from 'node:process'
import { errnoOf } from '../errors.ts'

/** What identifies a process for good. */
export interface ProcessIdentity {
  readonly host: string
  /** The kernel's boot id. */
  readonly boot: string
  readonly pid: number
  /** When it started, in clock ticks since boot (field 22 of /proc/PID/stat), where that is known. */
  readonly start?: number | undefined
  /**
   * Otherwise a time in clock ticks since boot at which it lived: whoever bears its pid and started later is another one.
   * (A shell can tell the time for less than its own start.)
   */
  readonly seen?: number | undefined
}

/** The identity of a process whose start is known. */
export interface ExactIdentity extends ProcessIdentity {
  readonly start: number
}

/** What /proc/PID/stat says of a process. */
export interface ProcessStat {
  readonly pid: number
  readonly name: string
  /** "R", "S", "D", "T", "Z", … */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly start: number
}

/** The name of a signal: "SIGTERM". */
export type SignalName = NodeJS.Signals

/** The signals that have a name. */
export const SIGNALS = Object.keys(system.signals) as readonly SignalName[]

/** The name of a signal's number, or undefined when it has none (the real-time signals). */
export function nameSignal(number: number): SignalName | undefined {
  return SIGNALS.find(name => system.signals[name] === number)
}

const buffer = Buffer.allocUnsafe(1 << 17)

/** The host we are on and its boot. Read once. */
export function thisHost(): { readonly host: string; readonly boot: string } {
  host ??= {
    host: (readProc('/proc/sys/kernel/hostname') ?? 'localhost').trim(),
    boot: (readProc('/proc/sys/kernel/random/boot_id') ?? '').trim(),
  }
  return host
}
let host: { readonly host: string; readonly boot: string } | undefined

/** Milliseconds since boot, suspended time included: the clock that no one sets. */
export function uptime(): number {
  return Math.round(Number.parseFloat(readProc('/proc/uptime') ?? '0') * 1000)
}

/**
 * Whether that clock counts from the boot, as the starts of processes do. In some containers (LXC) /proc/uptime is made up, and
 * counts from the start of the container: by it everything would have started later than now.
 */
export function isUptimeOfBoot(): boolean {
  countsFromBoot ??= thisProcess().start <= uptime() / 10
  return countsFromBoot
}
let countsFromBoot: boolean | undefined

/** The moment of the boot, in milliseconds since the epoch, by the clock as it was set within the last second. */
export function bootMoment(): number {
  const now = performance.now()
  if (boot === undefined || now - boot.readAt > 1000) boot = { moment: findBootMoment(), readAt: now }
  return boot.moment
}
let boot: { readonly moment: number; readonly readAt: number } | undefined

function findBootMoment(): number {
  if (isUptimeOfBoot()) return Date.now() - uptime()
  return Math.round(performance.timeOrigin - thisProcess().start * 10)
}

/** Whether a process was started on this host since its last boot, so that it can be seen and signalled from here. */
export function isFromHere(identity: Pick<ProcessIdentity, 'host' | 'boot'> | undefined): boolean {
  const here = thisHost()
  return identity?.host === here.host && identity.boot === here.boot
}

/** The identity of one of this host's processes, or undefined when there is none with this pid. */
export function identify(pid: number): ExactIdentity | undefined {
  const stat = readStat(pid)
  return stat && { ...thisHost(), pid, start: stat.start }
}

/** Our own identity. Read once. */
export function thisProcess(): ExactIdentity {
  self ??= identify(ownPid) ?? { ...thisHost(), pid: ownPid, start: 0 }
  return self
}
let self: ExactIdentity | undefined

/** Whether exactly this process exists on this host; a zombie does. */
export function exists(identity: ProcessIdentity): boolean {
  return findStat(identity) !== undefined
}

/** Whether exactly this process lives on this host; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = findStat(identity)
  return stat !== undefined && !isDead(stat)
}

/** Whether exactly this process goes on only when somebody continues it. */
export function isHalted(identity: ProcessIdentity): boolean {
  const stat = findStat(identity)
  return stat !== undefined && hasHalted(stat)
}

/** What the system knows of exactly this process, if it is there. */
function findStat(identity: ProcessIdentity): ProcessStat | undefined {
  const stat = isFromHere(identity) ? readStat(identity.pid) : undefined
  return stat && isMeant(identity, stat) ? stat : undefined
}

/**
 * The same of a process that was just read: it has stopped, or sleeps uninterruptibly and takes the stop before it runs on. A shell
 * whose child was stopped between vfork(2) and its exec is in such a sleep for good.
 */
export function hasHalted(stat: Pick<ProcessStat, 'pid' | 'state'>): boolean {
  return hasStopped(stat) || (stat.state === 'D' && hasPending(stat.pid, 'SIGSTOP'))
}

/** Whether a process is stopped: by SIGSTOP or the like, or by a debugger. Source: proc_pid_stat(5). */
export function hasStopped({ state }: Pick<ProcessStat, 'state'>): boolean {
  return state === 'T' || state === 't'
}

/** Whether a signal waits for a process to take it. Source: proc_pid_status(5), ShdPnd. */
export function hasPending(pid: number, signal: SignalName): boolean {
  const mask = /^ShdPnd:\s+([0-9a-f]+)/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(system.signals[signal] - 1)) & 1n) === 1n
}

/**
 * How often a process has got a processor; undefined where the kernel does not count that. Source: Documentation/scheduler/sched-stats.rst
 * of Linux, /proc/PID/schedstat.
 */
export function countTimeslices(pid: number): number | undefined {
  const count = readProc(`/proc/${pid}/schedstat`)?.trim().split(' ')[2]
  return count === undefined ? undefined : Number(count)
}

/** Whether a process of this host and boot is the one that an identity means. */
export function isMeant(
  { pid, start, seen = -1 }: Pick<ProcessIdentity, 'pid' | 'start' | 'seen'>,
  stat: Pick<ProcessStat, 'pid' | 'start'>,
): boolean {
  return stat.pid === pid && (start === undefined ? stat.start <= seen : stat.start === start)
}

/** Whether a process has ended: a zombie waits only to be reaped. */
export function isDead(stat: Pick<ProcessStat, 'state'>): boolean {
  return stat.state === 'Z' || stat.state === 'X' || stat.state === 'x'
}

/** What /proc/PID/stat says, or undefined when there is no such process. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The name may hold spaces and parentheses; the fields are counted after the last one.
  const end = text.lastIndexOf(')')
  const [state = '', parent, group, session, ...rest] = text.slice(end + 2).split(' ')
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, end),
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    start: Number(rest[15]),
  }
}

/** The argv of a process; empty when it is gone or not ours to read. */
export function readArgv(pid: number): string[] {
  return readProc(`/proc/${pid}/cmdline`)?.split('\0').slice(0, -1) ?? []
}

/**
 * Sends a signal to a process, after checking that it is still the one that is meant.
 * @returns whether it was delivered; false when the process is gone or is not ours to signal
 */
export function signalProcess(identity: ProcessIdentity, signal: SignalName): boolean {
  return exists(identity) && send(identity.pid, signal)
}

/**
 * Sends a signal to a process group.
 * @param leader the pid of its leader; the caller has proved that the group is the one that is meant
 * @returns whether it was delivered to at least one process
 */
export function signalGroup(leader: number, signal: SignalName): boolean {
  return send(-leader, signal)
}

function send(pid: number, signal: SignalName): boolean {
  try {
    return kill(pid, signal)
  } catch (error) {
    if (errnoOf(error) === 'ESRCH' || errnoOf(error) === 'EPERM') return false
    throw error
  }
}

/** A file of /proc as text, or undefined when it is gone or not ours to read. Latin-1, so that no byte is lost. */
export function readProc(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY)
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  }
  try {
    // One read gives all of stat and uptime; an environment may need several.
    let length = readSync(fd, buffer, 0, buffer.length, null)
    if (length < 4096) return buffer.toString('latin1', 0, length)
    let text = buffer.toString('latin1', 0, length)
    for (;;) {
      length = readSync(fd, buffer, 0, buffer.length, null)
      if (length === 0) return text
      text += buffer.toString('latin1', 0, length)
    }
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  } finally {
    closeSync(fd)
  }
}

function isUnreadable(error: unknown): boolean {
  return ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')
}
