/**
 * The runs of one manageable: numbered directories that appear whole (see next-run.ts). Writes what a start has to say once its run
 * is there, reads what everybody said. Who writes what stands in layout.ts.
 */
import { existsSync, statSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { toText } from '../system/byte-text.ts'
import { isAlive, type ProcessIdentity, type SignalName } from '../system/process.ts'
import { createFile, listDirectory, readJson, readSmallFile } from './files.ts'
import { type Journal, parseJournal, writeVoidJournal } from './journal.ts'
import { manageableFiles, runFiles } from './layout.ts'
import { syncNow } from './sync.ts'

/** One run: its number, counted from 1, and its directory. */
export interface Run {
  readonly number: number
  readonly directory: string
}

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

/**
 * The last character of the name of a run whose backend is not its descriptor's; that of all others is a hexadecimal digit.
 * The name is in the journal as well, so that of those others nobody need read the starter.
 */
const CHOSEN_MARK = 'x'

/** The name of a run whose start chose its backend. */
export function markChosen(name: string): string {
  return name.slice(0, -1) + CHOSEN_MARK
}

/** Whether a run's backend is another one than its descriptor's: its starter says which. */
export function isChosen(name: string): boolean {
  return name.endsWith(CHOSEN_MARK)
}

/** The backend accepted a run under an id of its own. What it refuses gets a void journal with the reason. */
export interface Submitted {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** The kernel gives no more than 6 MiB to a process (execve(2)), and a quote takes four bytes in a shell. */
const ENVIRONMENT_LIMIT = 24 << 20

/** The last run of a manageable, or undefined when it was never started. */
export function findLastRun(directory: string): Run | undefined {
  const runs = manageableFiles.runs(directory)
  const names = listDirectory(runs)
  if (names === undefined) return undefined
  // What is renamed during a look may be seen under neither name: where there was a run there is one, so the second look has it.
  const number = lastNumber(names) || lastNumber(listDirectory(runs) ?? [])
  return number === 0 ? undefined : { number, directory: manageableFiles.run(directory, number) }
}

function lastNumber(names: readonly string[]): number {
  let last = 0
  for (const name of names) if (isRunName(name)) last = Math.max(last, Number(name))
  return last
}

function isRunName(name: string): boolean {
  return /^[1-9]\d*$/.test(name)
}

/** All runs of a manageable, oldest first. */
export function listRuns(directory: string): Run[] {
  const names = listDirectory(manageableFiles.runs(directory)) ?? []
  const numbers = names.filter(isRunName).map(Number)
  return numbers.sort((a, b) => a - b).map(number => runAfter(directory, number - 1))
}

/** The run that follows another one, 0 for none. */
export function runAfter(directory: string, after: number): Run {
  return { number: after + 1, directory: manageableFiles.run(directory, after + 1) }
}

/** What the wrapper wrote so far; undefined when no wrapper has come. */
export function readJournal(run: Run): Journal | undefined {
  const text = readSmallFile(runFiles.journal(run.directory))
  return text === undefined ? undefined : parseJournal(text)
}

/** Milliseconds since a journal was last written, whichever way the clock was set meanwhile. */
export function journalAge(run: Run): number {
  const stats = statSync(runFiles.journal(run.directory), { throwIfNoEntry: false })
  return stats === undefined ? 0 : Math.abs(Date.now() - stats.mtimeMs)
}

/**
 * Gives up a run that no wrapper has claimed. One that is gone needs no more than that.
 * @returns false when a wrapper has claimed it after all
 */
export function voidRun(run: Run, reason: string): boolean {
  try {
    writeVoidJournal(run.directory, reason)
    syncNow([runFiles.journal(run.directory), run.directory])
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    if (errnoOf(error) === 'ENOENT') return true
    throw error
  }
}

/** Whether a run that was found has been removed since. */
export function isRemoved(run: Run): boolean {
  return !existsSync(run.directory)
}

/** Who started a run; undefined for a run that only blocked its number. */
export function readStarter(run: Run): Starter | undefined {
  return readJson<Starter>(runFiles.starter(run.directory))
}

/** The backend's own id; undefined where it gave none. */
export function readSubmitted(run: Run): Submitted | undefined {
  return readJson<Submitted>(runFiles.submitted(run.directory))
}

/** What was written for a run to be launched; undefined for a run that only blocked its number. */
export function readRunContent(
  run: Run,
): { readonly script: string; readonly environment: string } | undefined {
  const script = readSmallFile(runFiles.script(run.directory))
  const environment = readSmallFile(runFiles.environment(run.directory), {
    limit: ENVIRONMENT_LIMIT,
    decode: toText,
  })
  return script === undefined || environment === undefined ? undefined : { script, environment }
}

/** Writes down the backend's own id. */
export function writeSubmitted(run: Run, submitted: Submitted): void {
  createFile(runFiles.submitted(run.directory), `${JSON.stringify(submitted)}\n`)
}

/** Whether a run was not started: a clean has only taken its number. */
export function isBlocker(starter: Starter | undefined): boolean {
  return starter?.name === ''
}

/** Whether the process that started a run still lives on this host. */
export function isStarterAlive(starter: Starter): boolean {
  return isAlive(starter.by)
}
