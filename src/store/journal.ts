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
 */
import type { ProcessIdentity } from '../system/process.ts'
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
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

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

type Values = Readonly<Record<string, string>>

function parseRecord(line: string): { verb: string; values: Values } | undefined {
  if (line === '' || line.endsWith(' ')) return undefined
  const [verb = '', ...pairs] = line.split(' ')
  const values: Record<string, string> = Object.create(null)
  for (const [index, pair] of pairs.entries()) {
    const equals = pair.indexOf('=')
    const key = pair.slice(0, equals)
    if (key === 'reason') {
      values[key] = pairs.slice(index).join(' ').slice('reason='.length) // free text, always last
      break
    }
    values[key] = pair.slice(equals + 1)
  }
  return { verb, values }
}

function addRecord(journal: Mutable<Journal>, verb: string, values: Values): void {
  const at = Number(values.at)
  if (!Number.isFinite(at)) return
  switch (verb) {
    case 'claimed':
      journal.claimed = {
        at,
        name: values.name ?? '',
        wrapper: {
          host: values.host ?? '',
          boot: values.boot ?? '',
          pid: Number(values.pid),
          seen: Number(values.up),
        },
        parent: Number(values.parent),
      }
      break
    case 'spawned':
      if (journal.claimed)
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
      journal.exited = { at, code: Number(values.code) }
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
