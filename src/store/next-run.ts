/**
 * The run to come of one manageable: made under a hidden name, and renamed to the number that follows from the run whose end was seen.
 * So of several who start or clean at once one wins, and a crash leaves nothing that would keep the next one out.
 */
import { dirname } from 'node:path'
import { SpmiError } from '../errors.ts'
import { toBytes } from '../system/byte-text.ts'
import { isFromHere, thisProcess } from '../system/process.ts'
import { createFile, ensureDirectory, listDirectory, replaceEnd } from './files.ts'
import {
  makeHiddenDirectory,
  publishDirectory,
  removeAtOnce,
  removeDirectory,
  sweepTemporaries,
} from './hidden.ts'
import { type Journal, writeVoidJournal } from './journal.ts'
import { manageableFiles, runFiles } from './layout.ts'
import { FRESH, STARTED } from './record-marks.ts'
import {
  findLastRun,
  type Run,
  readFirstRecord,
  readStarter,
  runAfter,
  type Starter,
  voidRun,
} from './run-store.ts'
import { sync } from './sync.ts'

/** What a run needs on disk before it can be launched. */
export interface RunContent {
  readonly script: string
  /** Its bytes by `system/byte-text.ts`. */
  readonly environment: string
  readonly starter: Starter
}

/** The last run of a manageable as somebody has seen it. */
export interface SeenRun {
  readonly number: number
  readonly journal: Journal | undefined
}

/**
 * Makes the directory of the run after another one, under a hidden name. That its number follows from the run whose end
 * the caller has seen, not from what is there now, is what keeps two starters from starting two runs.
 * @param last undefined for none
 * @returns the hidden directory and the run that it is to become
 * @throws SpmiError `active` when the last run has become another one; ENOENT as a system error when the manageable is gone
 */
export function prepareRun(directory: string, last: SeenRun | undefined, content: RunContent): PreparedRun {
  const made = makeHiddenRun(directory, last)
  const script = runFiles.script(made.hidden)
  const environment = runFiles.environment(made.hidden)
  const starter = runFiles.starter(made.hidden)
  try {
    createFile(script, content.script, 0o700)
    createFile(environment, toBytes(content.environment))
    createFile(starter, `${JSON.stringify(content.starter)}\n`)
  } catch (error) {
    dropPrepared(made)
    throw error
  }
  return { ...made, files: [script, environment, starter] }
}

/** Puts a prepared run on the disk, before it gets its number: with the first one the mark, without which nobody looks for runs. */
export async function syncPrepared({ hidden, run, files }: PreparedRun): Promise<void> {
  const manageable = dirname(dirname(run.directory))
  const first = run.number === 1 ? [manageableFiles.record(manageable), manageable] : []
  await sync([...files, hidden, ...first])
}

/** Puts on the disk that there is a run, before it is launched: a run of which nobody knows would be a lie. */
export async function syncPublished({ run }: PreparedRun): Promise<void> {
  await sync([dirname(run.directory)])
}

/** Removes a prepared run that is not to be. */
export function dropPrepared({ hidden }: HiddenRun): void {
  removeDirectory(hidden)
}

/**
 * Takes the next run's number without starting anything, so that nobody can start while we live.
 * @param last undefined for none
 * @returns the run that takes the number; undefined when somebody started in the meantime
 * @throws as `prepareRun` does
 */
export async function blockNextRun(
  directory: string,
  last: SeenRun | undefined,
  reason: string,
): Promise<Run | undefined> {
  const made = makeHiddenRun(directory, last)
  const starter = runFiles.starter(made.hidden)
  const blocker: Starter = { name: '', at: Date.now(), by: thisProcess() }
  try {
    createFile(starter, `${JSON.stringify(blocker)}\n`)
    writeVoidJournal(made.hidden, reason)
    await syncPrepared({ ...made, files: [starter, runFiles.journal(made.hidden)] }) // else it would be a lost run
    return publishRun(made) ? made.run : undefined
  } catch (error) {
    dropPrepared(made)
    throw error
  }
}

/** Whether a run that blocks its number is the last one yet, and ours. @param directory where the manageable is now */
export function isBlocking({ number }: Run, directory: string): boolean {
  const last = findLastRun(directory)
  const by = last?.number === number ? readStarter(last)?.by : undefined
  return by?.pid === thisProcess().pid && by.start === thisProcess().start && isFromHere(by)
}

/** Whether the last run is the one that was seen. @param directory where the manageable is now */
export function isStillLast(last: SeenRun | undefined, directory: string): boolean {
  const run = findLastRun(directory)
  const isSame = run !== undefined && identifyRun(readFirstRecord(run)) === identifyRun(last?.journal)
  return run?.number === last?.number && (run === undefined || isSame)
}

/** A run whose directory still bears a hidden name. */
export interface HiddenRun {
  readonly hidden: string
  readonly run: Run
}

/** One that holds what it is to hold. */
export interface PreparedRun extends HiddenRun {
  /** The paths of its files. A FIFO is none of them: nothing rests on it. */
  readonly files: readonly string[]
}

function makeHiddenRun(directory: string, last: SeenRun | undefined): HiddenRun {
  const runs = manageableFiles.runs(directory)
  const names = listDirectory(runs)
  if (names === undefined) {
    replaceEnd(manageableFiles.record(directory), FRESH, STARTED)
    ensureDirectory(runs)
  } else {
    sweepTemporaries(runs, names)
  }
  const made = { hidden: makeHiddenDirectory(runs, 'new'), run: runAfter(directory, last?.number ?? 0) }
  try {
    if (last) settleLast(directory, last)
    return made
  } catch (error) {
    dropPrepared(made)
    throw error
  }
}

/**
 * Makes sure that the last run is the one that was seen, and that no wrapper of it comes any more. The manageable may have been
 * removed meanwhile, loaded again and started. From now on that would take the hidden directory away, which then can be nobody's run.
 */
function settleLast(directory: string, { number, journal }: SeenRun): void {
  const run = runAfter(directory, number - 1)
  if (identifyRun(readFirstRecord(run)) !== identifyRun(journal))
    throw new SpmiError('active', 'somebody else has just started it')
  if (journal === undefined && !voidRun(run, 'its starter died'))
    throw new SpmiError('active', 'its wrapper has just come')
}

/** What no other run's journal says, and does not change while a wrapper writes on. */
function identifyRun(journal: Journal | undefined): string {
  const { claimed } = journal ?? {}
  return `${claimed?.at} ${claimed?.wrapper.pid} ${claimed?.wrapper.seen} ${journal?.void?.at}`
}

/**
 * Makes a prepared run the next one.
 * @returns false when another start or a clean was first
 */
export function publishRun({ hidden, run }: HiddenRun): boolean {
  if (!publishDirectory(hidden, run.directory)) {
    removeDirectory(hidden)
    return false
  }
  // Its number may have been free only because that run of another start is over and was removed.
  const manageable = dirname(dirname(run.directory))
  const isLast = findLastRun(manageable)?.number === run.number
  if (!isLast) removeAtOnce(run.directory)
  return isLast
}
