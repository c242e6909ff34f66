/** What `-h` shows: the user guide's screen, made from the table of commands, with additions after it; or one command. */
import type { CommandRow } from './command.ts'
import { EXAMPLES } from './examples.ts'
import { OPTIONS, type OptionTable } from './options.ts'

const BANNER = String.raw`   _____ ____  __  _______
  / ___// __ \/  |/  /  _/
  \__ \/ /_/ / /|_/ // /
 ___/ / ____/ /  / // /
/____/_/   /_/  /_/___/

Simple Process Management Interface

SPMI is a program to maintain processes.
`

/** What `spmi -h` shows. */
export function renderHelp(table: readonly CommandRow[]): string {
  const commands = table.filter(({ isHidden }) => !isHidden)
  // The guide's screen: of what may be left out `spmi COMMAND -h` speaks.
  const usage = commands.map(
    row => `    spmi ${row.name}${row.operand?.isOptional ? '' : operandOf(row)} [-d | --debug]`,
  )
  const summaries = commands.map(row => `    ${row.name.padEnd(12)}    ${row.summary}`)
  return [
    BANNER,
    'Usage:',
    ...usage,
    '',
    'Options:',
    ...describeOptions(OPTIONS),
    '',
    'Commands:',
    ...summaries,
    '',
    'Patterns are regular expressions that match whole IDs. "--" ends the options.',
    '"spmi COMMAND -h" shows the options of a command, with examples.',
    'Manageables are kept in $SPMI_PATH (default: ~/.spmi).',
    'Exit status: 0 all was done, 1 something failed or nothing matched, 2 wrong usage.',
    '',
  ].join('\n')
}

/** What `spmi COMMAND -h` shows. */
export function renderCommandHelp(command: CommandRow): string {
  const options = { ...command.options, ...OPTIONS }
  return [
    'Usage:',
    `    spmi ${command.name}${operandOf(command)} [options]`,
    '',
    command.summary,
    '',
    ...showExamples(command),
    'Options:',
    ...describeOptions(options),
    '',
  ].join('\n')
}

function showExamples({ name }: CommandRow): string[] {
  const examples = EXAMPLES[name] ?? []
  if (examples.length === 0) return []
  return ['Examples:', ...examples.flatMap(([line, meaning]) => [`    ${line}`, `        ${meaning}`]), '']
}

/** One line for each option; the columns are as wide as the guide's, or as the longest needs. */
function describeOptions(options: OptionTable): string[] {
  const rows = Object.entries(options).map(([name, { short, value, summary }]) => {
    const letter = short === undefined ? '  ' : `-${short}`
    return { form: `    ${letter} --${name}${value === undefined ? '' : ` ${value}`}`, summary }
  })
  const width = Math.max(16, ...rows.map(({ form }) => form.length)) + 4
  return rows.map(({ form, summary }) => form.padEnd(width) + summary)
}

/** What follows the name of a command in its usage, with a blank before it. */
export function operandOf({ operand }: CommandRow): string {
  if (operand === undefined) return ''
  const first = operand.first === undefined ? '' : ` ${operand.first}`
  const words = `${operand.name}${operand.isRepeated ? '...' : ''}`
  return operand.isOptional ? `${first} [${words}]` : `${first} ${words}`
}
