/** list with options: those that pass the filters, in the order that is asked for, in the short table or the long one. */
import type { SpmiError } from '../../errors.ts'
import { type Inspected, inspect, lastLineOf } from '../../verbs/inspect.ts'
import { damageOf } from '../../verbs/show.ts'
import { loadOf, sortInspected } from '../../verbs/sort.ts'
import { cutTo, formatSize } from '../cut.ts'
import { formatDuration, formatTable, formatTime } from '../format.ts'
import { renderList } from '../render.ts'
import { explainDamaged, explainForeign, explainSelection } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { makeHarmless, makeOneLine, paintFor } from '../style.ts'
import type { ListOptions } from './list.ts'

const STATES = ['active', 'inactive', 'failed', 'lost'] as const

/** How many columns the state may take, with its words. */
const STATE_WIDTH = 40

/** How many characters of a last line are shown at most, where no terminal sets a limit: a task may print a single endless line. */
const LINE_LIMIT = 1000

/** Shows the manageables that are asked for. */
export async function runLongList(session: Session<ListOptions>): Promise<ExitStatus> {
  const { context, log, json, catalog, operands, options } = session
  const { long, backend: backends, sort = 'id', reverse } = options
  const states = STATES.filter(state => options[state])
  const isMeasured = long || sort === 'cpu' || sort === 'memory'
  const found = await inspect(catalog, operands, { states, backends, isMeasured, now: context.now() })
  const inspected = sortInspected(found.inspected, sort, reverse)
  const isAll = operands.length + states.length + backends.length === 0
  log.info(`${isAll ? 'Registered' : 'Showed'} ${inspected.length} manageables`)
  const unreadable: SpmiError[] = []
  if (json) json.addInspected(inspected, long, unreadable)
  else context.stdout.write(await render(session, inspected, unreadable))
  explainForeign(log, catalog, found.foreign)
  const status = explainDamaged(log, unreadable)
  const statuses = inspected.map(one => one.status)
  const others =
    operands.length > 0
      ? explainSelection(log, found, 'show', statuses)
      : explainDamaged(log, [...found.damaged, ...damageOf(statuses)])
  return Math.max(status, others)
}

/** The table, as wide as the terminal at most if it is the long one. */
async function render(
  { context, options }: Session<ListOptions>,
  inspected: readonly Inspected[],
  unreadable: SpmiError[],
): Promise<string> {
  const paint = paintFor(context.stdout, context)
  if (!options.long) return renderList(inspected, paint)
  const { columns } = context.stdout
  const rows = inspected.map(one => toCells(one, context.environment.TZ, unreadable))
  const lines = await formatTable([HEAD, ...rows], 0)
  const [head = '', ...others] = lines.map(line => (columns === undefined ? line : cutTo(line, columns)))
  const painted = others.map((line, index) => {
    const { status, facts } = inspected[index] as Inspected
    if (status.state === 'active') return paint(line, 'green')
    return facts.outcome === 'failed' || facts.outcome === 'lost' ? paint(line, 'red') : line
  })
  return `${[paint(head, 'bold'), ...painted].join('\n')}\n`
}

const HEAD = ['ID', 'ACTIVE', 'SINCE', 'DURATION', 'EXIT', 'BACKEND', 'PID', 'CPU', 'MEMORY', 'OUTPUT']

function toCells(one: Inspected, zone: string | undefined, unreadable: SpmiError[]): string[] {
  const { manageable, status, facts, duration, usage } = one
  const load = loadOf(one)
  const words = status.words === undefined ? '' : ` (${makeOneLine(status.words)})`
  const cells = [
    manageable.id,
    cutTo(status.state + words, STATE_WIDTH),
    status.since && formatTime(status.since, zone),
    duration === undefined ? undefined : formatDuration(duration * 1000),
    facts.exitCode?.toString(),
    facts.backendType,
    status.state === 'active' ? facts.pid?.toString() : undefined, // that of an ended one may be another's by now
    load === undefined ? undefined : `${Math.round(load * 100)}%`,
    usage && formatSize(usage.memory),
  ]
  return [
    ...cells.map(cell => cell ?? '-'),
    makeHarmless(lastLineOf(one, unreadable) ?? '').slice(0, LINE_LIMIT),
  ]
}
