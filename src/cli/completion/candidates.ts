/** What may stand at the end of an unfinished command line: read off the table of commands. */
import { escapePattern } from '../../core/escape-pattern.ts'
import { SIGNALS } from '../../system/process.ts'
import type { CommandRow, Operand } from '../command.ts'
import { OPTIONS, type OptionRow, type OptionTable } from '../options.ts'

/** A word that may stand there. */
export interface Candidate {
  readonly word: string
  /** What it is, for shells that show it. */
  readonly meaning: string
}

/** Files that may stand there, which the shell knows best. */
export type Files = 'none' | 'descriptors' | 'all' | 'folders'

/** What may stand at the end of a line. */
export interface Completion {
  readonly candidates: readonly Candidate[]
  readonly files: Files
}

/** What the pool has to offer. Asked only where it is needed. */
export interface Names {
  readonly ids: () => readonly string[]
  readonly backends: () => readonly string[]
}

/** An unfinished command line, without the name of the program. */
export interface Line {
  /** The words before the one at the cursor. */
  readonly before: readonly string[]
  /** What there is of the word at the cursor. */
  readonly current: string
}

/**
 * All that may stand at the cursor. It is not narrowed by the beginning that is there, because shells have ideas of their own
 * of what it means; it only decides between options and other words.
 */
export function complete(
  { before, current }: Line,
  commands: readonly CommandRow[],
  names: Names,
): Completion {
  const shown = commands.filter(({ isHidden }) => !isHidden)
  const at = before.findIndex(word => !word.startsWith('-'))
  const command = shown.find(({ name }) => name === before[at])
  const after = at === -1 ? [] : before.slice(at + 1)
  const options: OptionTable = { ...OPTIONS, ...command?.options }
  const isOver = before.includes('--')
  const context = { commands: shown, names }
  if (!isOver && current.startsWith('-')) return completeOption(current, options, before, context)
  if (at === -1) return listed(shown.map(({ name, summary }) => ({ word: name, meaning: summary })))
  const valued = isOver ? undefined : findOption(after.at(-1), options)
  if (valued?.value !== undefined) return completeName(valued.value, valued, context) ?? NOTHING
  if (command?.operand === undefined) return NOTHING
  return completeOperand(command.operand, countOperands(after, options), context)
}

interface Context {
  readonly commands: readonly CommandRow[]
  readonly names: Names
}

const NOTHING: Completion = { candidates: [], files: 'none' }

const listed = (candidates: readonly Candidate[]): Completion => ({ candidates, files: 'none' })
const files = (kind: Files): Completion => ({ candidates: [], files: kind })
const plain = (words: readonly string[]) => listed(words.map(word => ({ word, meaning: '' })))

/** By what stands for it in the help: the words that may take its place. */
const SOURCES: Readonly<Record<string, (context: Context) => Completion>> = {
  '<patterns>': ({ names }) =>
    listed(names.ids().map(id => ({ word: escapePattern(id), meaning: escapePattern(id) === id ? '' : id }))),
  '<task_id>': ({ names }) => plain(names.ids()),
  '<id>': ({ names }) => plain(names.ids()),
  '<pathes>': () => files('descriptors'),
  '<topic>': ({ commands }) =>
    listed(commands.map(({ name, summary }) => ({ word: name, meaning: summary }))),
  TYPE: ({ names }) => plain(names.backends()),
  '<signal>': () => plain(SIGNALS),
  SIGNAL: () => plain(SIGNALS),
  FILE: () => files('all'),
  FOLDER: () => files('folders'),
}

function completeName(
  name: string,
  { words }: { readonly words?: readonly string[] },
  context: Context,
): Completion | undefined {
  return words === undefined ? SOURCES[name]?.(context) : plain(words)
}

/** @param given how many words stand there already */
function completeOperand(operand: Operand, given: number, context: Context): Completion {
  const { first, name, isRepeated } = operand
  if (first !== undefined && given === 0) return completeName(first, {}, context) ?? NOTHING
  const most = first === undefined ? 1 : 2
  return isRepeated || given < most ? (completeName(name, operand, context) ?? files('all')) : NOTHING
}

/** Options that are not there yet; after `--name=` the values of that one. */
function completeOption(
  current: string,
  options: OptionTable,
  before: readonly string[],
  context: Context,
): Completion {
  const [, given] = /^(--[^=]+)=/.exec(current) ?? []
  const valued = findOption(given, options)
  if (given !== undefined) {
    if (valued?.value === undefined) return NOTHING
    const values = completeName(valued.value, valued, context) ?? NOTHING
    return {
      ...values,
      candidates: values.candidates.map(each => ({ ...each, word: `${given}=${each.word}` })),
    }
  }
  const isThere = (name: string, { short, isRepeated }: OptionRow) =>
    !isRepeated &&
    before.some(word => word === `-${short}` || word === `--${name}` || word.startsWith(`--${name}=`))
  return listed(
    Object.entries(options)
      .filter(([name, row]) => !isThere(name, row))
      .map(([name, { summary }]) => ({ word: `--${name}`, meaning: summary })),
  )
}

/** The option that a word is. */
function findOption(word: string | undefined, options: OptionTable): OptionRow | undefined {
  return Object.entries(options).find(
    ([name, { short }]) => word === `--${name}` || word === `-${short}`,
  )?.[1]
}

/** How many of the words after a command are neither options nor values of options. */
function countOperands(words: readonly string[], options: OptionTable): number {
  const end = words.indexOf('--')
  const read = end === -1 ? words : words.slice(0, end)
  const operands = read.filter(
    (word, index) => !word.startsWith('-') && findOption(read[index - 1], options)?.value === undefined,
  )
  return operands.length + (end === -1 ? 0 : words.length - end - 1)
}
