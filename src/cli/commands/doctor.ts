/**
 * doctor: a block for each part that manageables rest on, with a line for each finding, and below it what mends it; or all
 * of it as JSON.
 */
import { type Diagnosis, isUsable, type Part } from '../../core/diagnosis.ts'
import type { Finding } from '../../system/finding.ts'
import { doctor } from '../../verbs/doctor.ts'
import type { CliContext, Output } from '../context.ts'
import type { ExitStatus, Session } from '../session.ts'
import { makeOneLine, type Paint, paintFor } from '../style.ts'

/** Examines the pool and all that its manageables rest on. */
export async function runDoctor({ context, log, json }: Session): Promise<ExitStatus> {
  const diagnosis = await doctor(context)
  const { stdout } = context
  if (json) json.add(toJson(diagnosis))
  else stdout.write(renderDiagnosis(diagnosis, marksFor(stdout, context), paintFor(stdout, context)))
  const failing = diagnosis.parts.filter(part => part.isNeeded && !isUsable(part))
  if (failing.length === 0) log.info('All that is needed can be used')
  else log.error(`Cannot be used: ${failing.map(nameOf).join(', ')}`)
  return diagnosis.isWell ? 0 : 1
}

/** What is found, for programs. */
export function toJson({ isWell, parts }: Diagnosis): Readonly<Record<string, unknown>> {
  const shown = parts.map(part => {
    const { kind, name, users, isNeeded, findings } = part
    return { kind, name, users, needed: isNeeded, usable: isUsable(part), findings }
  })
  return { ok: isWell, parts: shown }
}

type Mark = Finding['level'] | 'unused'

const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red', unused: 'cyan' } as const
const SIGNS: Readonly<Record<Mark, string>> = { ok: '✓', warning: '!', problem: '✗', unused: '–' }
const WORDS: Readonly<Record<Mark, string>> = {
  ok: 'ok     ',
  warning: 'warning',
  problem: 'problem',
  unused: 'unused ',
}

/** Signs where there is a terminal that has them, else words. */
export function marksFor(
  output: Pick<Output, 'isTerminal'>,
  { environment }: Pick<CliContext, 'environment'>,
): Readonly<Record<Mark, string>> {
  const { LC_ALL, LC_CTYPE, LANG } = environment
  return output.isTerminal && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? SIGNS : WORDS
}

/** The blocks of all parts. */
export function renderDiagnosis(
  { parts }: Diagnosis,
  marks: Readonly<Record<Mark, string>>,
  paint: Paint,
): string {
  const topics = parts.flatMap(({ findings }) => findings.map(({ topic }) => topic.length))
  const width = Math.max(0, ...topics) + 2
  const sign = (mark: Mark) => paint(marks[mark], COLOURS[mark])
  const renderFinding = ({ level, topic, what, mend }: Finding) => {
    const line = `    ${sign(level)} ${topic.padEnd(width)}${makeOneLine(what)}`
    const indent = ' '.repeat(4 + marks[level].length + 1 + width)
    return mend === undefined ? [line] : [line, `${indent}mend: ${makeOneLine(mend)}`]
  }
  const lines = parts.flatMap(part => [
    `${sign(markOf(part))} ${nameOf(part)}`,
    ...part.findings.flatMap(renderFinding),
  ])
  return `${lines.join('\n')}\n`
}

/** The worst of its findings; a part that nobody needs is not to be worried about. */
function markOf(part: Part): Mark {
  if (!isUsable(part)) return part.isNeeded ? 'problem' : 'unused'
  return part.findings.some(({ level }) => level === 'warning') ? 'warning' : 'ok'
}

/** A part, and how many manageables rest on it. */
function nameOf({ kind, name, users }: Part): string {
  return `${kind} ${makeOneLine(name)} (${users} ${users === 1 ? 'manageable' : 'manageables'})`
}
