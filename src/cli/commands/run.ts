/** run: a command as a task, without a descriptor file. */
import type { OutputChunk } from '../../core/connection.ts'
import type { Manageable } from '../../core/manageable.ts'
import { SpmiError } from '../../errors.ts'
import { cleanAll } from '../../verbs/clean.ts'
import { composeRun, followToEnd, type RunRequest, run } from '../../verbs/run.ts'
import type { Shown } from '../../verbs/show.ts'
import { exitCodeOf } from '../../verbs/wait.ts'
import { readChoice } from '../choice.ts'
import type { RUN_OPTIONS } from '../command-options.ts'
import { onInterrupt } from '../interrupt.ts'
import type { Log } from '../log.ts'
import type { OptionValues } from '../options.ts'
import { OutputDisplay } from '../output-display.ts'
import { explainEnd } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { textFor } from '../style.ts'

type RunSession = Session<OptionValues<typeof RUN_OPTIONS>>

/** Runs a command as a new task. */
export async function runRun(session: RunSession): Promise<ExitStatus> {
  const { context, log, json, catalog, options } = session
  if (options.rm && !options.foreground)
    throw new SpmiError('usage', 'run: --rm needs --foreground', {
      hint: 'nothing of SPMI stays that could clean up later',
    })
  const request = await readRequest(session)
  if (options.print) return print(session, request)
  const started = await run(catalog, request, context.cwd, {
    onBegin: ({ id }) => log.info(`Starting manageable "${id}"`),
  })
  log.info('Started 1 manageables')
  if (options.foreground) return attend(session, started)
  if (json) json.addStatuses([started])
  else context.stdout.write(`${started.manageable.id}\n`)
  return 0
}

async function readRequest({ operands, options }: RunSession): Promise<RunRequest> {
  const { id, comment, cwd, env } = options
  const variables = Object.fromEntries(env.map(({ key, text }) => [key, text]))
  return { ...(await readChoice(options)), words: operands, id, comment, cwd, env: variables }
}

async function print({ context, json, catalog }: RunSession, request: RunRequest): Promise<ExitStatus> {
  const { source } = await composeRun(catalog, request, context.cwd)
  const text = new TextDecoder().decode(source)
  if (json) json.add({ descriptor: text })
  else context.stdout.write(textFor(context.stdout, text))
  return 0
}

/** Shows the output of what was started until it ends. ^C stops it; a second one kills it, and no more of its output is shown. */
async function attend(session: RunSession, { manageable, status }: Shown): Promise<ExitStatus> {
  const { context, log, json, catalog, options } = session
  const enough = new AbortController()
  const stopListening = onInterrupt(context, endOnInterrupt(manageable, log, enough))
  const display = new OutputDisplay(context)
  const show = (chunk: OutputChunk) => {
    if (!json) display.show(chunk)
  }
  const ended = await followToEnd({ manageable, status }, show, enough.signal).finally(stopListening)
  display.end()
  json?.addStatuses([ended])
  explainEnd(log, ended)
  const code = exitCodeOf(ended)
  if (!options.rm || code !== 0) return code
  const [failure] = await cleanAll(catalog, [manageable], [ended.status.state])
  if (failure) log.error(failure)
  return failure ? failure.exitStatus : 0
}

/** What ^C does, the first time and the second. */
function endOnInterrupt(manageable: Manageable, log: Log, enough: AbortController): () => void {
  const ends = [
    () => {
      log.info(`Stopping manageable "${manageable.id}" (^C again kills it)`)
      return manageable.stop()
    },
    () => {
      enough.abort()
      return manageable.kill()
    },
  ]
  return () => {
    ends
      .shift()?.()
      .catch((error: unknown) => {
        if (!(error instanceof SpmiError)) throw error
        if (error.code !== 'inactive') log.warning(error.message) // else it has just ended
      })
  }
}
