/**
 * connect, as a person or a script uses it. On a terminal: output as it comes and lines to the task's input, until the
 * task ends, ^C (which leaves) or ^D (which ends the task's input); for a task on a terminal of its own see attach.ts.
 * Otherwise what is read is sent, and that is all.
 */
import type { Readable } from 'node:stream'
import type { Connection } from '../../core/connection.ts'
import { errnoOf, SpmiError } from '../../errors.ts'
import { onInterrupt } from '../interrupt.ts'
import { OutputDisplay } from '../output-display.ts'
import type { ExitStatus, Session } from '../session.ts'
import { inWholeLines } from '../whole-lines.ts'

/** Connects to one task. */
export async function runConnect(session: Session): Promise<ExitStatus> {
  const { connect } = await import('../../verbs/connect.ts')
  const [id = ''] = session.operands
  const connection = await connect(session.catalog, id)
  const stdin = await session.context.openStdin()
  const { terminal } = connection
  try {
    if (terminal && stdin.isTerminal && session.context.stdout.isTerminal) {
      const { attach } = await import('../attach.ts')
      return await attach(session, id, connection, terminal, () => stdin.stream)
    }
    return stdin.isTerminal
      ? await converse(session, id, connection, stdin.stream)
      : await sendAll(session, id, connection, stdin.stream)
  } finally {
    connection.close()
    stdin.stream.destroy()
  }
}

async function sendAll(
  { log }: Session,
  id: string,
  connection: Connection,
  stdin: Readable,
): Promise<ExitStatus> {
  let sent = 0
  for await (const bytes of inWholeLines(stdin)) {
    await connection.write(bytes)
    sent += bytes.length
  }
  log.info(`Sent ${sent} bytes to manageable "${id}"`)
  return 0
}

async function converse(
  { context, log }: Session,
  id: string,
  connection: Connection,
  stdin: Readable,
): Promise<ExitStatus> {
  const { follow } = await import('../../verbs/connect.ts')
  const leaving = new AbortController()
  const stopListening = onInterrupt(context, () => leaving.abort())
  log.info(`Connected to manageable "${id}" (^C leaves it running, ^D ends its input)`)
  let failure: unknown
  const typing = passOn(connection, stdin).catch((error: unknown) => {
    if (error instanceof SpmiError)
      log.error(error.message) // its output is still worth showing
    else failure = error
  })
  const display = new OutputDisplay(context)
  const hasEnded = await follow(connection, chunk => display.show(chunk), leaving.signal)
  display.end()
  stopListening()
  stdin.destroy()
  await Promise.race([typing, new Promise(resolve => setTimeout(resolve, 0))])
  if (failure !== undefined) throw failure
  log.info(hasEnded ? `Manageable "${id}" has ended` : `Left manageable "${id}" running`)
  return 0
}

/** Passes on what is typed, which a terminal gives line by line, until it ends or we leave. */
async function passOn(connection: Connection, stdin: Readable): Promise<void> {
  try {
    for await (const bytes of stdin as AsyncIterable<Uint8Array>) await connection.write(bytes)
  } catch (error) {
    if (stdin.destroyed && errnoOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') return // we have left
    throw error
  }
  if (stdin.readableEnded) await connection.endInput()
}
