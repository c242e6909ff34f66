/** logs: the output of the selected manageables. Of several, each line says whose it is. */
import type { Manageable } from '../../core/manageable.ts'
import { SpmiError } from '../../errors.ts'
import { type LogsReader, type RunPiece, readLogs, type Stream } from '../../verbs/logs.ts'
import { select } from '../../verbs/select.ts'
import type { LOGS_OPTIONS } from '../command-options.ts'
import { formatExactTime, padAll } from '../format.ts'
import { LinePrinter, type LineSource, type Stamp } from '../line-printer.ts'
import type { OptionValues } from '../options.ts'
import { explainSelection } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { paintFor } from '../style.ts'

type LogsSession = Session<OptionValues<typeof LOGS_OPTIONS>>

/** The last lines with which following begins. */
const LINES = 10

const COLOURS = ['cyan', 'yellow', 'green', 'magenta', 'blue'] as const

/** Shows what is there, and with --follow what comes. */
export async function runLogs(session: LogsSession): Promise<ExitStatus> {
  const { options, catalog, operands, log, context } = session
  const { follow, run, since, lines = follow ? LINES : undefined } = options
  if (run !== undefined && since !== undefined)
    throw new SpmiError('usage', 'logs: --run and --since exclude each other')
  const selection = await select(catalog, operands)
  const status = explainSelection(log, selection, 'show') // said at once: following has no end of its own
  const display = new LogsDisplay(session, await makePrefixes(selection.manageables, session))
  const choice = { streams: streamsOf(options), run, since, lines }
  const stopping = new AbortController()
  const interrupt = () => {
    display.breakLine()
    stopping.abort()
  }
  const stopListening = follow ? context.onSignal(['SIGINT'], interrupt) : () => {}
  const { failed } = await readLogs(selection, choice, display, follow ? stopping.signal : undefined)
  stopListening()
  display.end()
  return failed.length > 0 ? 1 : status
}

/** Both, unless one is asked for. */
function streamsOf({ stdout, stderr }: LogsSession['options']): Stream[] {
  if (stdout === stderr) return ['stdout', 'stderr']
  return stdout ? ['stdout'] : ['stderr']
}

/** Shows pieces of output as lines. */
class LogsDisplay implements LogsReader {
  readonly #session: LogsSession
  readonly #printer: LinePrinter
  readonly #prefixes: ReadonlyMap<Manageable, string>
  readonly #sources = new Map<Manageable, Map<Stream, LineSource>>()
  #latest: LineSource | undefined

  constructor(session: LogsSession, prefixes: ReadonlyMap<Manageable, string>) {
    const { stdout, environment } = session.context
    this.#session = session
    this.#printer = new LinePrinter(stdout, stdout.isTerminal && environment.TERM !== 'dumb')
    this.#prefixes = prefixes
  }

  onPiece(manageable: Manageable, piece: RunPiece): void {
    const source = this.#sourceOf(manageable, piece.stream)
    if (!this.#session.options.follow && this.#latest !== undefined && this.#latest !== source)
      this.#printer.finish(this.#latest) // it was read to its end
    this.#latest = source
    this.#printer.write(source, piece.bytes, this.#stampFor(piece))
  }

  onRun(manageable: Manageable, run: number): void {
    for (const source of this.#sources.get(manageable)?.values() ?? []) this.#printer.finish(source)
    this.#printer.endLine()
    this.#session.log.info(`Run ${run} of manageable "${manageable.id}"`)
  }

  onNone({ id }: Manageable, error?: SpmiError): void {
    const { log, options } = this.#session
    if (error !== undefined) log.error(error)
    else
      log.info(
        `Manageable "${id}" was ${options.since === undefined ? 'never started' : 'not started since then'}`,
      )
  }

  onPause(): void {
    this.#printer.showUnfinished()
  }

  /** Begins a new line where the terminal has shown ^C. */
  breakLine(): void {
    this.#printer.breakLine()
  }

  end(): void {
    this.#printer.end([...this.#sources.values()].flatMap(streams => [...streams.values()]))
  }

  #sourceOf(manageable: Manageable, stream: Stream): LineSource {
    const streams = this.#sources.get(manageable) ?? new Map<Stream, LineSource>()
    this.#sources.set(manageable, streams)
    const source = streams.get(stream) ?? {
      prefix: this.#prefixes.get(manageable) ?? '',
      rest: new Uint8Array(),
    }
    streams.set(stream, source)
    return source
  }

  /**
   * What stands before lines with --timestamps. The command writes into its files by itself, so nobody knows when a line was
   * written that was there before us: only of the last one, when the file was.
   */
  #stampFor({ isNew, lastWrite }: RunPiece): Stamp | undefined {
    const { options, context } = this.#session
    if (!options.timestamps) return undefined
    const format = (time: Date) => `${formatExactTime(time, context.environment.TZ)} `
    const unknown = '-'.padEnd(format(new Date(0)).length)
    const now = format(context.now())
    return isLast => (isNew ? now : isLast && lastWrite ? format(lastWrite) : unknown)
  }
}

/** `id | `, as wide as the longest id; nothing for a single manageable. */
async function makePrefixes(
  manageables: readonly Manageable[],
  { context }: LogsSession,
): Promise<Map<Manageable, string>> {
  if (manageables.length < 2) return new Map()
  const paint = paintFor(context.stdout, context)
  const ids = await padAll(manageables.map(({ id }) => id))
  return new Map(
    manageables.map((manageable, index) => {
      const colour = COLOURS[index % COLOURS.length] ?? 'cyan'
      return [manageable, `${paint(`${ids[index]} |`, colour)} `]
    }),
  )
}
