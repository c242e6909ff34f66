/**
 * The journal: what happened to a run, written by its wrapper alone (see default.sh) and read here.
 *
 * One record per line, `verb key=value …`, in the order of events:
 *
 *   claimed    at host boot pid up parent name   the wrapper lives; making the file is the claim
 *   refused    at reason          the command could not be started at all
 *   spawned    at pid up [tty]    the command lives, as leader of its own session and process group, and of that terminal
 *   signalled  at signal          the wrapper passed a signal on
 *   closed     at                 the wrapper closed the command's input
 *   exited     at code            the command ended; code as `wait` gives it: 128 + n for a death by signal n
 *   stayed     at                 the command's group lives on, and the wrapper waits for it
 *   ended      at                 nothing of the group is left; the wrapper's last word
 *   void       at reason          instead of all the above: somebody gave the run up before a wrapper came
 *
 * `at` is in milliseconds since the epoch, `up` in clock ticks since boot. The file is made with O_EXCL and padded with spaces to a fixed size by its
 * first write, and overwritten in place from then on, so that the end of a run fits on a full disk.
 *
 * A damaged journal says what is left of it: each record that is whole, and nothing else. Where somebody has cut the file, its wrapper goes
 * on at its own place behind the hole, which reads as NULs.
 */
import type { ProcessIdentity } from '../system/process.ts'
import type { DamagedFile } from './damage.ts'
import { createFile, isOutOfRoom } from './files.ts'
import { runFiles } from './layout.ts'

/** What a journal says. Times in milliseconds since the epoch. */
export interface Journal {
  readonly claimed?: {
    readonly at: number
    readonly name: string
    readonly wrapper: ProcessIdentity
    /** The pid of the wrapper's parent. */
    readonly parent: number
  }
  readonly refused?: { readonly at: number; readonly reason: string }
  readonly spawned?: {
    readonly at: number
    readonly command: ProcessIdentity
    /** The path of the terminal that is the command's own, where it has one. */
    readonly terminal?: string | undefined
  }
  readonly signalled: readonly { readonly at: number; readonly signal: string }[]
  readonly closed?: { readonly at: number }
  readonly exited?: { readonly at: number; readonly code: number }
  readonly stayed?: { readonly at: number }
  readonly ended?: { readonly at: number }
  readonly void?: { readonly at: number; readonly reason: string }
  /** What is wrong with the file, so that records may be missing. */
  readonly damage?: DamagedFile
}

/** What a wrapper allocates at least, in bytes: see default.sh. */
const SIZE = 3000

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Whether the text of a journal may be what there is of one that is being made. */
export function isBeginning(text: string): boolean {
  return /^(claimed [^\n\0]*\n? *|void [^\n\0]*|)$/.test(text)
}

/** Reads the records of a journal. A line that is not whole is passed over: its end is missing, or is padding yet. */
export function parseJournal(text: string): Journal {
  const journal: Mutable<Journal> = { signalled: [] }
  const padding = text.indexOf('\n  ')
  const records = padding === -1 ? text : text.slice(0, padding + 1)
  for (const line of records.split('\n').slice(0, -1)) {
    const record = parseRecord(line)
    if (record) addRecord(journal, record.verb, record.values)
  }
  return journal
}

/** What is wrong with the text of a journal, as the end of a sentence; undefined when nothing is, or nothing is lost by it. */
export function findDamage(
  { claimed, refused, void: given, ended }: Journal,
  text: string,
): string | undefined {
  if (given ?? refused ?? (claimed && ended)) return undefined
  if (text === '') return 'it is empty'
  if (claimed === undefined) return 'its first record is missing'
  if (text.includes('\0')) return 'it has a hole'
  return text.length < SIZE ? 'it is cut short' : undefined
}

type Values = Readonly<Record<string, string>>

function parseRecord(line: string): { verb: string; values: Values } | undefined {
  const record = line.slice(line.lastIndexOf('\0') + 1)
  const [head = '', reason] = cut(record, ' reason=') // free text, always last
  const [verb = '', ...pairs] = head.split(' ')
  if (verb === '' || line.endsWith(' ')) return undefined
  const values: Record<string, string> = Object.create(null)
  for (const pair of pairs) {
    const [key = '', value = ''] = cut(pair, '=')
    values[key] = value
  }
  if (reason !== undefined) values.reason = reason
  return { verb, values }
}

/** What stands before and after the first separator; nothing after it where there is none. */
function cut(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}

function addRecord(journal: Mutable<Journal>, verb: string, values: Values): void {
  if (!areWhole(values.at)) return
  const at = Number(values.at)
  switch (verb) {
    case 'claimed':
      if (areWhole(values.pid, values.up, values.parent) && values.host && values.boot && values.name)
        journal.claimed = {
          at,
          name: values.name,
          wrapper: {
            host: values.host,
            boot: values.boot,
            pid: Number(values.pid),
            seen: Number(values.up),
          },
          parent: Number(values.parent),
        }
      break
    case 'spawned':
      if (journal.claimed && areWhole(values.pid, values.up))
        journal.spawned = {
          at,
          command: { ...journal.claimed.wrapper, pid: Number(values.pid), seen: Number(values.up) },
          terminal: values.tty,
        }
      break
    case 'signalled':
      journal.signalled = [...journal.signalled, { at, signal: values.signal ?? '' }]
      break
    case 'exited':
      if (areWhole(values.code)) journal.exited = { at, code: Number(values.code) }
      break
    case 'refused':
    case 'void':
      journal[verb] = { at, reason: values.reason ?? '' }
      break
    case 'closed':
    case 'stayed':
    case 'ended':
      journal[verb] = { at }
      break
  }
}

/** Whether values are whole numbers. bash's `wait` can give -1. */
function areWhole(...values: readonly (string | undefined)[]): boolean {
  return values.every(value => value !== undefined && /^-?\d{1,15}$/.test(value))
}

/**
 * Claims a run that no wrapper has claimed, so that one that comes late stops before its command.
 * @throws EEXIST as a system error when a wrapper, or somebody else, was first
 */
export function writeVoidJournal(directory: string, reason: string): void {
  const words = reason.replaceAll(/\s+/g, ' ').trim()
  const path = runFiles.journal(directory)
  try {
    createFile(path, `void at=${Date.now()} reason=${words}\n`)
  } catch (error) {
    if (!isOutOfRoom(error)) throw error
    createFile(path, '') // for which there may be room, and which claims as well
  }
}
