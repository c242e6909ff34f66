/** What a start writes down of a run for later commands: its shape, which is looked at again when it is read, because files can be damaged. */
import { type ProcessIdentity, SIGNALS, type SignalName } from '../system/process.ts'

/** Who starts a run, written before anything is launched. */
export interface Starter {
  /** The run's name: of the session, unit or job, and in the environment of its processes. */
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly by: ProcessIdentity
  /** The backend and what it is told; absent from what older programs started. */
  readonly backend?: { readonly type: string; readonly [key: string]: unknown }
  /** What later commands need of its wrapper, whatever the descriptor says by then; absent as above. */
  readonly wrapper?: StartedWrapper
}

/** The wrapper of a run, in plain values. */
export interface StartedWrapper {
  readonly type: string
  /** The command as status shows it. */
  readonly command: string
  /** The signals of a stop, spread evenly over the timeout (milliseconds). */
  readonly stop: { readonly signals: readonly SignalName[]; readonly timeout: number }
}

/** The backend accepted a run under an id of its own. What it refuses gets a void journal with the reason. */
export interface Submitted {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Whether a value is what a start has written down. */
export function isStarter(value: unknown): value is Starter {
  if (!isRecord(value)) return false
  const { name, at, by, backend, wrapper } = value
  const hasParts = isAbsentOr(isPart, backend) && isAbsentOr(isStartedWrapper, wrapper)
  return typeof name === 'string' && isNumber(at) && isIdentity(by) && hasParts
}

/** Whether a value is what a backend's answer was written down as. */
export function isSubmitted(value: unknown): value is Submitted {
  return isRecord(value) && typeof value.id === 'string' && isNumber(value.at)
}

function isStartedWrapper(value: unknown): boolean {
  if (!isPart(value) || typeof value.command !== 'string' || !isRecord(value.stop)) return false
  const { signals, timeout } = value.stop
  const areSignals = Array.isArray(signals) && signals.every(signal => SIGNALS.includes(signal))
  return areSignals && isNumber(timeout)
}

function isPart(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value.type === 'string'
}

function isIdentity(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { host, boot, pid, start, seen } = value
  const isTimed = isAbsentOr(isNumber, start) && isAbsentOr(isNumber, seen)
  return typeof host === 'string' && typeof boot === 'string' && isNumber(pid) && isTimed
}

function isAbsentOr(isRight: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || isRight(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value)
}
