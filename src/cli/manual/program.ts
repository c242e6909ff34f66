/** spmi(1): the manual page of the program, made from the table of commands. */
import type { CommandRow } from '../command.ts'
import { EXAMPLES } from '../examples.ts'
import { operandOf } from '../help.ts'
import { OPTIONS, type OptionTable } from '../options.ts'
import {
  bold,
  entry,
  escapeRoff,
  fill,
  italic,
  paragraph,
  renderPage,
  section,
  subsection,
  verbatim,
} from './roff.ts'

/** What both pages bear in their heads. */
export interface Edition {
  readonly version: string
  /** YYYY-MM-DD. */
  readonly date: string
}

/** The page spmi(1). */
export function renderProgramPage(table: readonly CommandRow[], edition: Edition): string {
  const commands = table.filter(({ isHidden }) => !isHidden)
  return renderPage({ name: 'spmi', section: 1, volume: 'User Commands', ...edition }, [
    ...section('NAME', ['spmi \\- simple process management interface']),
    ...section('SYNOPSIS', commands.flatMap(showUsage).slice(0, -1)),
    ...section('DESCRIPTION', [
      ...paragraph(
        'SPMI starts commands in the background, shows what they print, talks to them, stops them, and tells how they ended: by ' +
          'itself or by another process manager, which the descriptor of each names. It has no daemon.',
      ),
      ...paragraph(
        'A manageable is loaded from a descriptor into a pool, and known there by its id. A task is a manageable that runs one ' +
          'shell command. Patterns are regular expressions of the syntax of RE2 that match whole ids. "--" ends the options.',
      ),
    ]),
    ...section('OPTIONS', ['Every command takes these.', ...showOptions(OPTIONS)]),
    ...section('COMMANDS', commands.flatMap(showCommand)),
    ...section('EXIT STATUS', [
      ...entry(bold('0'), 'All was done.'),
      ...entry(bold('1'), 'Something failed, or nothing matched.'),
      ...entry(bold('2'), 'The command line is wrong.'),
    ]),
    ...section('ENVIRONMENT', [
      ...entry(bold('SPMI_PATH'), 'The directory of the pool. Without it, ~/.spmi.'),
      ...entry(bold('NO_COLOR'), 'Set to anything, no colours are shown.'),
    ]),
    ...section('FILES', [
      ...entry(
        `${italic('$SPMI_PATH')}/${italic('ID')}/runs/${italic('N')}/`,
        'What each start has run and what came of it: run.sh, journal, stdout, stderr.',
      ),
    ]),
    ...section('SEE ALSO', [`${bold('spmi-descriptor')}(5)`]),
  ])
}

function showCommand(command: CommandRow): string[] {
  const { name, summary, options = {} } = command
  const examples = EXAMPLES[name] ?? []
  return subsection(`spmi ${name}${operandOf(command)}`, [
    ...fill(`${summary}.`),
    ...showOptions(options),
    ...examples.flatMap(([line, meaning]) => [...paragraph(`${meaning}:`), ...verbatim(line)]),
  ])
}

function showUsage(command: CommandRow): string[] {
  return [`${bold(`spmi ${command.name}`)}${escapeRoff(operandOf(command))} [${italic('options')}]`, '.br']
}

function showOptions(options: OptionTable): string[] {
  return Object.entries(options).flatMap(([name, { short, value, summary }]) => {
    const letter = short === undefined ? '' : `${bold(`-${short}`)}, `
    const argument = value === undefined ? '' : ` ${italic(value)}`
    return entry(`${letter}${bold(`--${name}`)}${argument}`, `${summary}.`)
  })
}
