/** show: descriptor, script and environment of one manageable; one of them alone as it is, for pipes. */
import { SpmiError } from '../../errors.ts'
import { toBytes } from '../../system/byte-text.ts'
import { type ShownParts, showParts } from '../../verbs/show-parts.ts'
import type { SHOW_OPTIONS } from '../command-options.ts'
import type { Output } from '../context.ts'
import { identify } from '../json.ts'
import type { OptionValues } from '../options.ts'
import { renderTitle } from '../render.ts'
import type { ExitStatus, Session } from '../session.ts'
import { textFor } from '../style.ts'

const PARTS = ['descriptor', 'script', 'environment'] as const
type Part = (typeof PARTS)[number]

/** Shows what a manageable is made of. */
export async function runShow(session: Session<OptionValues<typeof SHOW_OPTIONS>>): Promise<ExitStatus> {
  const { context, log, json, catalog, operands, options } = session
  const wanted = PARTS.filter(part => options[part])
  if (wanted.length > 1) throw new SpmiError('usage', `show: --${wanted.join(' and --')} exclude each other`)
  const [id = ''] = operands
  const parts = await showParts(catalog, id, options.reveal ? 'reveal' : 'hide')
  const [part] = wanted
  if (part !== undefined && part !== 'descriptor' && parts.start === undefined)
    throw new SpmiError('missing', `manageable "${id}" has not been started: there is no ${part}`, { id })
  if (json) json.add(describeParts(parts, wanted))
  else if (part !== undefined) context.stdout.write(toBytes(textFor(context.stdout, textOf(parts, part))))
  else context.stdout.write(renderParts(parts, context.stdout))
  if (parts.isHidden && part !== 'script')
    log.info('Values that may be secret are hidden; --reveal shows them')
  return 0
}

function describeParts({ manageable, descriptor, start }: ShownParts, wanted: readonly Part[]) {
  const parts = {
    descriptor,
    script: start && { path: start.path, text: start.script, run: start.run },
    environment: start?.environment,
  }
  const chosen = wanted.length === 0 ? PARTS : wanted
  return { ...identify(manageable), ...Object.fromEntries(chosen.map(part => [part, parts[part]])) }
}

function textOf({ descriptor, start }: ShownParts, part: Part): string {
  if (part === 'descriptor') return descriptor.text
  if (part === 'script') return start?.script ?? ''
  return Object.entries(start?.environment ?? {})
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function renderParts(parts: ShownParts, output: Output): string {
  const { manageable, descriptor, start } = parts
  const sections = [`Descriptor: "${descriptor.path}"`, textOf(parts, 'descriptor')]
  if (start !== undefined) {
    sections.push(`Script of run ${start.run}: "${start.path}"`, textOf(parts, 'script'))
    sections.push(`Environment of run ${start.run}:`, textOf(parts, 'environment'))
  }
  const texts = sections.flatMap(text => [textFor(output, text.replace(/\n$/, '')), ''])
  return [renderTitle(manageable), '', ...texts, ''].join('\n')
}
