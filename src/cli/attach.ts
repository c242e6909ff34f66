/**
 * connect to what runs on a terminal: ours becomes its terminal, until one leaves it or it ends. Our terminal gets its
 * modes back in every case. Where the process manager has a program for that, that program does it.
 */
import type { Readable } from 'node:stream'
import type { ConnectedTerminal, Connection } from '../core/connection.ts'
import { errnoOf, SpmiError } from '../errors.ts'
import type { Attachment } from '../system/exec.ts'
import { sleep } from '../system/sleep.ts'
import { Terminal } from '../system/terminal.ts'
import { follow } from '../verbs/connect.ts'
import { DETACH_KEYS, DetachKeys } from './detach-keys.ts'
import type { ExitStatus, Session } from './session.ts'
import { TerminalState } from './terminal-state.ts'

/** Milliseconds for which the way out is shown before the program's screen covers it. */
const NOTICE_TIME = 1000

/** Milliseconds between two looks at the output: what is typed should be seen at once. */
const PAUSE = 10

/** Milliseconds that a program gets to see the one size before it is given the other one. */
const REDRAW_TIME = 100

/** What is connected, and where one looks at it. */
interface Visit {
  readonly session: Session
  readonly connection: Connection
  readonly terminal: ConnectedTerminal
  readonly ours: Terminal
  readonly state: TerminalState
  readonly leaving: AbortController
}

/** Makes our terminal that of a task. */
export async function attach(
  session: Session,
  id: string,
  connection: Connection,
  terminal: ConnectedTerminal,
  openInput: () => Readable,
): Promise<ExitStatus> {
  const { context, log, catalog } = session
  const ours = new Terminal(undefined, catalog.context.environment)
  const giveModesBack = await ours.keepModes()
  const leaving = new AbortController()
  const stopListening = context.onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], () => leaving.abort())
  const detach = terminal.attachment?.detach ?? DETACH_KEYS
  log.info(`Connected to manageable "${id}" (${detach} leaves it running)`)
  try {
    if (terminal.attachment) await showByProgram(terminal.attachment, connection, leaving.signal)
    else
      await showHere(
        { session, connection, terminal, ours, leaving, state: new TerminalState() },
        openInput(),
      )
  } finally {
    await giveModesBack().catch(ignoreRefusal)
    stopListening()
  }
  onTerminal(() =>
    log.info(connection.isOver() ? `Manageable "${id}" has ended` : `Left manageable "${id}" running`),
  )
  return 0
}

async function showByProgram(
  attachment: Attachment,
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  await sleep(NOTICE_TIME, signal)
  if (signal.aborted) return
  const { execOnTerminal } = await import('../system/exec.ts')
  const status = await execOnTerminal(attachment, signal)
  if (status !== 0 && !signal.aborted && !connection.isOver())
    throw new SpmiError('system', `${attachment.argv[0]} ended with status ${status}`)
}

async function showHere(visit: Visit, input: Readable): Promise<void> {
  const { session, connection, ours, leaving, state } = visit
  const { context } = session
  for (let chunk = connection.readOutput(); chunk; chunk = connection.readOutput()) state.read(chunk.bytes)
  if (state.isOtherScreen) await sleep(NOTICE_TIME, leaving.signal)
  const { rows } = await ours.readSize()
  const stopResizing = context.onSignal(['SIGWINCH'], () => void fit(visit).catch(ignoreRefusal))
  try {
    await ours.makeRaw()
    onTerminal(() => context.stdout.write(state.enter(rows)))
    void redraw(visit).catch(ignoreRefusal)
    const typing = passKeys(visit, input)
    await follow(connection, ({ bytes }) => show(visit, bytes), leaving.signal, PAUSE)
    input.destroy()
    await typing
  } finally {
    stopResizing()
    onTerminal(() => context.stdout.write(state.leave()))
  }
}

function show({ session, state, leaving }: Visit, bytes: Uint8Array): void {
  state.read(bytes)
  if (!onTerminal(() => session.context.stdout.write(bytes))) leaving.abort()
}

/** Passes on what is typed, without waiting for the task to take it: one can always leave. */
async function passKeys({ connection, leaving }: Visit, input: Readable): Promise<void> {
  const keys = new DetachKeys()
  let written = Promise.resolve()
  try {
    for await (const typed of input as AsyncIterable<Uint8Array>) {
      const { bytes, isLeaving } = keys.take(typed)
      written = written.then(() => connection.write(bytes)).catch(ignoreRefusal)
      if (isLeaving) break
    }
    await Promise.race([written, sleep(PAUSE)])
  } catch (error) {
    // We have left, or the terminal is gone.
    if (!['ERR_STREAM_PREMATURE_CLOSE', 'EIO'].includes(errnoOf(error) ?? '')) throw error
  } finally {
    leaving.abort()
  }
}

/** Makes a program draw anew: it does that for a size which it did not have. */
async function redraw(visit: Visit): Promise<void> {
  const { columns, rows } = await visit.ours.readSize()
  await visit.terminal.resize({ columns, rows: Math.max(1, rows - 1) })
  await sleep(REDRAW_TIME, visit.leaving.signal)
  await fit(visit)
}

/** Gives the task's terminal the size of ours. */
async function fit({ ours, terminal, leaving }: Visit): Promise<void> {
  if (!leaving.signal.aborted) await terminal.resize(await ours.readSize())
}

/** Does something to our terminal. @returns false when there is none any more */
function onTerminal(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (errnoOf(error) !== 'EIO') throw error
    return false
  }
}

/** A terminal that is gone cannot be asked for anything, and what ended takes no input: the end of it all is seen elsewhere. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof SpmiError)) throw error
}
