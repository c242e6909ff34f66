/** Every table, status block and sentence on stdout. */
import type { Manageable, ManageableStatus, StatusLine } from '../core/manageable.ts'
import type { Shown } from '../verbs/show.ts'
import { formatDuration, formatTable, formatTime } from './format.ts'
import { makeHarmless, makeOneLine, type Paint } from './style.ts'

/** How many of the last lines of its output a status block shows. */
export const TAIL_LINES = 5

/** Width of the labels of a status block. */
const LABEL_WIDTH = 12

/** The table of `spmi list`. */
export async function renderList(shown: readonly Shown[], paint: Paint): Promise<string> {
  const rows = shown.map(({ manageable, status }) => [
    manageable.id,
    status.state as string,
    makeOneLine(manageable.comment),
  ])
  const [head = '', ...lines] = await formatTable([['ID', 'ACTIVE', 'COMMENT'], ...rows])
  const painted = lines.map((line, index) =>
    shown[index]?.status.state === 'active' ? paint(line, 'green') : line,
  )
  return `${[paint(head, 'bold'), ...painted].join('\n')}\n`
}

/** How a status block is written. */
export interface StatusStyle {
  readonly now: Date
  /** The value of $TZ. */
  readonly zone: string | undefined
  readonly paint: Paint
}

/** The block of one manageable in `spmi status`, and the last lines of its output. */
export function renderStatus(
  { manageable, status }: Shown,
  tail: readonly string[],
  { now, zone, paint }: StatusStyle,
): string {
  const lines = [
    { label: 'Active', value: renderState(status, { now, zone, paint }) },
    { label: 'Path', value: `"${makeOneLine(manageable.directory)}"` },
    ...manageable.describe(status).map(({ label, value }) => ({ label, value: makeOneLine(value) })),
  ]
  return renderBlock(manageable, lines, tail.map(makeHarmless))
}

/** A block: the title of a manageable, lines of one line each, and some text. */
export function renderBlock(
  manageable: Manageable,
  lines: readonly StatusLine[],
  text: readonly string[],
): string {
  return [
    renderTitle(manageable),
    ...lines.map(({ label, value }) => `${label.padStart(LABEL_WIDTH)}: ${value}`),
    '',
    ...(text.length === 0 ? [] : [...text, '']),
    '',
  ].join('\n')
}

/** The first line of a block. */
export function renderTitle({ id, type, comment }: Manageable): string {
  return comment === '' ? `${id} (${type})` : `${id} (${type}) - ${makeOneLine(comment)}`
}

function renderState({ state, words, since }: ManageableStatus, { now, zone, paint }: StatusStyle): string {
  const painted = state === 'active' ? paint(state, 'green') : state
  const remark = words === undefined ? '' : ` (${makeOneLine(words)})`
  if (since === undefined) return painted + remark
  const elapsed = formatDuration(Math.max(0, now.getTime() - since.getTime()))
  return `${painted}${remark} since ${formatTime(since, zone)} (${elapsed} ago)`
}
