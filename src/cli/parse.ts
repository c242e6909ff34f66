/** argv → an invocation, or a SpmiError that says what is wrong with it and what may have been meant. */
import arg from 'arg'
import { suggest } from '../core/suggest.ts'
import { SpmiError } from '../errors.ts'
import type { CommandRow, Operand } from './command.ts'
import { OPTIONS, type OptionRow, type OptionTable, type OptionValues } from './options.ts'

/** What the user wants. */
export interface Invocation {
  /** The options of the program and of the command, by their long names. */
  readonly options: OptionValues<typeof OPTIONS> & Readonly<Record<string, unknown>>
  /** Undefined only with `help` or `version`. */
  readonly command: CommandRow | undefined
  readonly operands: readonly string[]
}

/** What words are read by: the options that may stand there, and the command whose they are. */
interface Scope {
  readonly table: OptionTable
  readonly command?: CommandRow | undefined
}

/** Words that were read. */
interface Reading {
  /** Values by the long names of the options; absent for an option that was not given. */
  readonly given: Readonly<Record<string, unknown>>
  /** What is neither an option nor the value of one. */
  readonly rest: readonly string[]
}

/**
 * Options of the program may stand anywhere, those of a command anywhere after its name; `--` ends both.
 * @throws SpmiError `usage`
 */
export function parse(argv: readonly string[], commands: readonly CommandRow[]): Invocation {
  // No id, and nothing that a descriptor holds, can be it.
  const foreign = argv.find(word => !word.isWellFormed())
  if (foreign !== undefined) throw wrong(`the argument "${foreign}" is not valid UTF-8`)
  const before = readWords(argv, { table: OPTIONS }, { stopAtPositional: true })
  const [name, ...words] = before.rest
  const command = commands.find(row => row.name === name)
  const table = { ...OPTIONS, ...command?.options }
  const isOver = argv.at(-before.rest.length - 1) === '--' // it stood before the command already
  const after = readWords(isOver ? ['--', ...words] : words, { table, command }, { permissive: !command })
  const operands = after.rest
  const options = complete(table, { ...after.given, ...before.given })
  if (options.help || options.version) return { options, command, operands }
  if (name === undefined) throw wrong('no command')
  if (command === undefined) throw unknownCommand(name, commands)
  checkOperands(command, operands)
  return { options, command, operands }
}

/** Wrong usage: there is no command of this name. */
export function unknownCommand(name: string, commands: readonly CommandRow[]): SpmiError {
  const names = commands.filter(({ isHidden }) => !isHidden).map(row => row.name)
  return wrong(`unknown command "${name}"`, undefined, suggest(name, names))
}

/** The values of all options of a table: also of those that were not given. */
function complete(table: OptionTable, given: Reading['given']): Invocation['options'] {
  const absent = ({ value, isRepeated }: OptionRow) =>
    value === undefined ? false : isRepeated ? [] : undefined
  const values = Object.entries(table).map(([name, row]) => [name, given[name] ?? absent(row)])
  return Object.fromEntries(values) as Invocation['options']
}

function readWords(
  words: readonly string[],
  scope: Scope,
  mode: { readonly stopAtPositional?: boolean; readonly permissive?: boolean },
): Reading {
  try {
    const { _: rest, ...found } = arg(specify(scope), { argv: detachValues(words, scope), ...mode })
    refuseFalseValues(words, scope)
    const given = Object.entries(found).map(([option, value]) => [option.slice(2), value])
    return { given: Object.fromEntries(given), rest }
  } catch (error) {
    throw error instanceof arg.ArgError ? explain(error, scope) : error
  }
}

/** A number that is attached to a letter, `-n5`, as a word of its own: the parser takes it for another letter. */
function detachValues(words: readonly string[], { table }: Scope): string[] {
  const letters = Object.values(table).flatMap(({ value, short = [] }) => (value === undefined ? [] : short))
  const end = words.indexOf('--')
  return words.flatMap((word, index) => {
    const isAttached = /^-\w\d/.test(word) && letters.includes(word.charAt(1)) && (end === -1 || index < end)
    return isAttached ? [word.slice(0, 2), word.slice(2)] : word
  })
}

function specify({ table, command }: Scope): arg.Spec {
  const entries = Object.entries(table).flatMap(([name, row]) => {
    const read = (text: string) => readValue(text, name, row, command)
    const type = row.value === undefined ? Boolean : row.isRepeated ? ([read] as [arg.Handler]) : read
    return [[`--${name}`, type], ...(row.short === undefined ? [] : [[`-${row.short}`, `--${name}`]])]
  })
  return Object.fromEntries(entries)
}

function readValue(text: string, name: string, row: OptionRow, command: Scope['command']): unknown {
  const { read } = row
  checkWord(text, { ...row, name: `--${name}` }, command)
  try {
    return read === undefined ? text : read(text)
  } catch (error) {
    throw error instanceof SpmiError ? wrong(`--${name}: ${error.message}`, command) : error
  }
}

/** Refuses what the parser loses: the value of a flag, `--debug=no`, and what follows a line break in `--name=value`. */
function refuseFalseValues(words: readonly string[], { table, command }: Scope): void {
  const end = words.indexOf('--')
  for (const word of end === -1 ? words : words.slice(0, end)) {
    const [, name = ''] = /^--([^=]+)=/.exec(word) ?? []
    if (!Object.hasOwn(table, name)) continue
    if (table[name]?.value === undefined) throw wrong(`option --${name} takes no value`, command)
    if (word.includes('\n'))
      throw wrong(`the value of --${name} has a line break`, command, 'give it as a word of its own')
  }
}

function explain({ code, message }: arg.ArgError, { table, command }: Scope): SpmiError {
  const option = message.slice(message.indexOf(': ') + 2).replace(/ \(alias for .*\)$/, '')
  if (code === 'ARG_UNKNOWN_OPTION') {
    const known = Object.keys(table).map(name => `--${name}`)
    const other = command ? 'after "--" an argument may begin with "-"' : 'those of a command follow its name'
    return wrong(`unknown option ${option}`, command, suggest(option, known) ?? other)
  }
  const [name, row] =
    Object.entries(table).find(([name, { short }]) => [`--${name}`, `-${short}`].includes(option)) ?? []
  return wrong(`option ${option} needs a value: --${name}=${row?.value}`, command)
}

function checkOperands(command: CommandRow, operands: readonly string[]): void {
  const { operand } = command
  if (operand === undefined && operands.length > 0)
    throw wrong(`takes no argument, but got "${operands[0]}"`, command)
  if (operand === undefined) return
  const needed = [...(operand.first === undefined ? [] : [operand.first]), operand.name]
  const missing = operand.isOptional ? undefined : needed[operands.length]
  if (missing !== undefined) throw wrong(`${missing} is missing`, command)
  if (!operand.isRepeated && operands.length > needed.length)
    throw wrong(`takes one ${operand.name}, but got ${operands.length}`, command)
  for (const word of operands) if (operand !== undefined) checkWord(word, operand, command)
}

/** Refuses what is none of the words that it may be, where those are known. */
function checkWord(
  word: string,
  { name, words = [word] }: Pick<Operand, 'name' | 'words'>,
  command: Scope['command'],
): void {
  if (!words.includes(word))
    throw wrong(`${name}: "${word}": it is none of ${words.join(', ')}`, command, suggest(word, words))
}

/** Wrong usage. @param hint what may have been meant; by default where the usage is shown */
function wrong(text: string, command?: CommandRow, hint?: string): SpmiError {
  const [prefix, asking] =
    command === undefined ? ['', 'spmi -h'] : [`${command.name}: `, `spmi ${command.name} -h`]
  return new SpmiError('usage', prefix + text, { hint: hint ?? `"${asking}" shows the usage` })
}
