/**
 * The runs of one manageable: numbered directories that appear whole (see next-run.ts). Writes what a start has to say once its run
 * is there, reads what everybody said. Who writes what stands in layout.ts.
 */
import { existsSync, lstatSync } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { toText } from '../system/byte-text.ts'
import { isAlive } from '../system/process.ts'
import { DamagedFile } from './damage.ts'
import { createFile, isThere, listDirectory, readJson, readSmallFile } from './files.ts'
import { findDamage, isBeginning, type Journal, parseJournal, writeVoidJournal } from './journal.ts'
import { manageableFiles, runFiles } from './layout.ts'
import { isStarter, isSubmitted, type Starter, type Submitted } from './starter.ts'
import { syncNow } from './sync.ts'

export type { StartedWrapper, Starter, Submitted } from './starter.ts'

/** One run: its number, counted from 1, and its directory. */
export interface Run {
  readonly number: number
  readonly directory: string
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

/** Milliseconds after which a journal of which there is only the beginning is that of a wrapper that died while it made it. */
const MAKING_TIMEOUT = 10_000

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

/** What the wrapper wrote so far, as far as it can be read; undefined when no wrapper has come. */
export function readJournal(run: Run): Journal | undefined {
  const path = runFiles.journal(run.directory)
  const text = readJournalText(path)
  if (text === undefined) return undefined
  if (text instanceof DamagedFile) return { signalled: [], damage: text }
  const journal = parseJournal(text)
  const wrong = findDamage(journal, text)
  if (wrong === undefined || (isBeginning(text) && ageOf(path) < MAKING_TIMEOUT)) return journal
  return { ...journal, damage: new DamagedFile(path, wrong) }
}

/** The same of the first record alone, by which a run is known: `claimed` or `void`. */
export function readFirstRecord(run: Run): Journal | undefined {
  const text = readJournalText(runFiles.journal(run.directory))
  return typeof text === 'string' ? parseJournal(text.slice(0, text.indexOf('\n') + 1)) : undefined
}

/** Whether a wrapper has recorded that it has started its command: cheaper than all that its journal says. */
export function hasSpawned(run: Run): boolean {
  const text = readJournalText(runFiles.journal(run.directory))
  return typeof text === 'string' && text.includes('\nspawned ')
}

function readJournalText(path: string): string | DamagedFile | undefined {
  try {
    return readSmallFile(path)
  } catch (error) {
    if (error instanceof DamagedFile) return error
    throw error
  }
}

/** Milliseconds since a file was last written, whichever way the clock was set meanwhile. */
function ageOf(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false })
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
  return !isThere(run.directory)
}

/** Who started a run; undefined where that is not known any more. @throws SpmiError `damaged` */
export function readStarter(run: Run): Starter | undefined {
  const path = runFiles.starter(run.directory)
  const starter = readJson(path, isStarter)
  if (starter === undefined && existsSync(path)) throw new DamagedFile(path, 'it is empty') // it has appeared whole, with its run
  return starter
}

/** The name of a run as its script has it. @throws SpmiError `damaged` */
export function readScriptName(run: Run): string | undefined {
  const script = readSmallFile(runFiles.script(run.directory))
  return /^_spmi_name='?(spmi-[\w-]+)'?$/m.exec(script ?? '')?.[1]
}

/** The backend's own id; undefined where it gave none. @throws SpmiError `damaged` */
export function readSubmitted(run: Run): Submitted | undefined {
  return readJson(runFiles.submitted(run.directory), isSubmitted)
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
