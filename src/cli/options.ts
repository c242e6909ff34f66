/** What an option is, and the options of the program itself. From such tables follow parsing and help. */

import { SpmiError } from '../errors.ts'

/** An option of the program or of a command. The key in its table is its long name. */
export interface OptionRow {
  /** Its letter. */
  readonly short?: string
  /** The word that stands for its value in the help: "TYPE". An option without it is a flag. */
  readonly value?: string
  /** Whether each value counts when it is given more than once; else the last one does. */
  readonly isRepeated?: boolean
  /**
   * Makes of the text of a value what the command wants. Without it the text is the value.
   * @throws SpmiError `usage`, whose message says what is wrong with the text
   */
  readonly read?: (text: string) => unknown
  /** The words that it may be, where they are few and known: anything else is refused, and completion offers them. */
  readonly words?: readonly string[]
  readonly summary: string
}

/** Options by their long names. */
export type OptionTable = Readonly<Record<string, OptionRow>>

/** What a command gets of its options: flags are booleans, a value that was not given is undefined. */
export type OptionValues<Table extends OptionTable> = string extends keyof Table
  ? Readonly<Record<string, unknown>>
  : { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

type ValueOf<Row> = Row extends { readonly value: string }
  ? Row extends { readonly isRepeated: true }
    ? readonly TextValueOf<Row>[]
    : TextValueOf<Row> | undefined
  : boolean

type TextValueOf<Row> = Row extends { readonly read: (text: string) => infer Value }
  ? Value
  : Row extends { readonly words: readonly (infer Word)[] }
    ? Word
    : string

/** What `key=value` says. */
export interface Assignment {
  readonly key: string
  readonly text: string
}

/** `key=value`. @throws SpmiError `usage` */
export function readAssignment(text: string): Assignment {
  const [, key, value] = /^([\w-]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new SpmiError('usage', `"${text}" is not of the form key=value`)
  return { key, text: value }
}

/** Seconds, `90` or `0.5`, or a sum of days, hours, minutes and seconds, `1h30m`. @returns milliseconds @throws SpmiError `usage` */
export function readDuration(text: string): number {
  const isNumber = /^\d+(\.\d+)?$/.test(text)
  const parts = /^(?=.)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(
    isNumber ? `${text}s` : text,
  )
  if (parts === null)
    throw new SpmiError('usage', `"${text}" is not a duration such as 90 (seconds) or 1h30m`)
  const [days, hours, minutes, seconds] = parts.slice(1).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ]
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}

/** A whole number from 1 on. @throws SpmiError `usage` */
export function readCount(text: string): number {
  if (!/^0*[1-9]\d{0,8}$/.test(text))
    throw new SpmiError('usage', `"${text}" is not a whole number from 1 on`)
  return Number(text)
}

/** A whole number from 0 on, or `all`. @throws SpmiError `usage` */
export function readLines(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY
  if (!/^\d{1,9}$/.test(text))
    throw new SpmiError('usage', `"${text}" is neither a number of lines nor "all"`)
  return Number(text)
}

/**
 * A time: `2026-11-24`, `2026-11-24 06:14`, `2026-11-24T06:14:11Z`; without a zone it is local. Or so long ago as a duration:
 * `90` (seconds), `1h30m`.
 * @throws SpmiError `usage`
 */
export function readTime(text: string): Date {
  if (/^[\d.]+$|^[\d.dhms]+[dhms]$/.test(text)) return new Date(Date.now() - readDuration(text))
  const [, day, clock = '00:00', zone = ''] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? []
  const time = new Date(`${day}T${clock}${zone}`)
  if (Number.isNaN(time.getTime()))
    throw new SpmiError(
      'usage',
      `"${text}" is neither a time such as "2026-11-24 06:14" nor a duration such as 1h30m`,
    )
  return time
}

/** The options of the program, which every command takes as well. */
export const OPTIONS = {
  help: { short: 'h', summary: 'Show this screen' },
  version: { short: 'v', summary: 'Show version' },
  debug: { short: 'd', summary: 'Run in debug mode' },
} as const satisfies OptionTable

/** The option of every command: a program that calls it may not want to hear that all goes well. */
export const QUIET_OPTION = {
  quiet: { short: 'q', summary: 'Leave out log records of level INFO' },
} as const satisfies OptionTable

/** The options of a command that answers: one that ends by itself and prints what it found or did. */
export const ANSWER_OPTIONS = {
  json: { summary: 'Print the answer as one JSON document' },
  ...QUIET_OPTION,
} as const satisfies OptionTable
