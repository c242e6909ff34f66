#!/usr/bin/env node
/** The program: one command, and an exit status from the table in errors.ts. */
import { setPublicModule } from '../core/plugin-module.ts'
import { errnoOf, SpmiError } from '../errors.ts'
import { openCatalog } from '../verbs/open.ts'
import { COMMANDS } from './commands.ts'
import { type CliContext, processContext } from './context.ts'
import type { JsonAnswer } from './json.ts'
import { Log } from './log.ts'
import { parse } from './parse.ts'
import { version } from './version.ts'

/** How many words of a program's argv are logged. */
const MAX_WORDS = 12

/** Runs one command. @returns the exit status */
export async function run(context: CliContext): Promise<number> {
  try {
    return wantsJson(context.argv) ? await answerInJson(context) : await serve(context, new Log(context))
  } catch (error) {
    return explain(error, new Log(context))
  }
}

/** Whether the answer is to be JSON, also when it is that the command line is wrong. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const at = argv.indexOf('--json')
  return at !== -1 && (end === -1 || at < end)
}

/** Runs one command, whose answer, good or bad, is one document. */
async function answerInJson(context: CliContext): Promise<number> {
  const { JsonAnswer } = await import('./json.ts')
  const json = new JsonAnswer(context)
  const status = await serve(context, json, json).catch((error: unknown) => explain(error, json))
  json.write(context)
  return status
}

async function serve(context: CliContext, log: Log, json?: JsonAnswer): Promise<number> {
  const { options, command, operands } = parse(context.argv, COMMANDS)
  if (options.debug) await logPrograms(log)
  if (options.quiet) log.quieten()
  if (options.version) return show('spmi_version', json ? version : `spmi ${version}\n`, context, json)
  if (options.help || command === undefined) {
    const { renderCommandHelp, renderHelp } = await import('./help.ts')
    const help = command === undefined ? renderHelp(COMMANDS) : renderCommandHelp(command)
    return show('help', help, context, json)
  }
  const onWarning = (message: string) => log.warning(message)
  return command.run({
    ...{ context, log, json, operands, options },
    get catalog() {
      const catalog = openCatalog({ ...context, onWarning }) // by those that work on it; whoever examines it opens it in another way
      const { damage } = catalog.context.store
      if (damage) log.warning(damage.message)
      return catalog
    },
  })
}

/** Shows a text that is no command's answer. @param key what it is in a document */
function show(key: string, text: string, { stdout }: CliContext, json: JsonAnswer | undefined): number {
  if (json) json.add({ [key]: text })
  else stdout.write(text)
  return 0
}

/** In debug mode every program that is run is logged. */
async function logPrograms(log: Log): Promise<void> {
  const { execWatchers } = await import('../system/exec.ts')
  execWatchers.add(({ argv, ...outcome }) => {
    const shown =
      argv.length > MAX_WORDS ? [...argv.slice(0, MAX_WORDS), `… ${argv.length - MAX_WORDS} more`] : argv
    log.debug(`Ran ${JSON.stringify({ argv: shown, ...outcome })}`)
  })
}

function explain(error: unknown, log: Log): number {
  if (errnoOf(error) === 'EPIPE') return 0 // whoever read our output has had enough
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
  let status = 1
  for (const each of errors) {
    if (each instanceof SpmiError) {
      log.error(each)
      status = Math.max(status, each.exitStatus)
    } else if (errnoOf(each) !== undefined && each instanceof Error) {
      log.error(each.message) // the system refused something: no space, no permission
    } else {
      log.error(`This is a bug in SPMI: ${each instanceof Error ? each.stack : String(each)}`, {
        code: 'bug',
      })
    }
  }
  return status
}

async function main(): Promise<void> {
  setPublicModule(() => import('../index.ts'))
  process.exitCode = await run(await processContext())
}

void main()
