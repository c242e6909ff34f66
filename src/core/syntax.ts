/**
 * The syntax of descriptors: text → what it says, and in which line. The only user of the parsers, which only `load` needs, so they are
 * imported when they are used.
 */
import { SpmiError } from '../errors.ts'
import type { DescriptorFormat } from '../store/pool-store.ts'
import type { FindLine } from './check.ts'

/** What a text says. */
export interface Parsed {
  readonly value: unknown
  readonly findLine: FindLine
}

const PARSERS: Readonly<Record<DescriptorFormat, (text: string, file: string) => Promise<Parsed>>> = {
  toml: parseToml,
  yaml: parseYaml,
  json: parseJson,
}

/**
 * Parses the text of a descriptor.
 * @param file what messages call it
 * @throws SpmiError `descriptor` for what is no text of this format
 */
export function parseDescriptor(format: DescriptorFormat, text: string, file: string): Promise<Parsed> {
  return PARSERS[format](text, file)
}

/** The text of a table in TOML. */
export async function writeToml(table: Readonly<Record<string, unknown>>): Promise<string> {
  const { stringify } = await import('smol-toml')
  return `${stringify(table).trimEnd()}\n`
}

async function parseToml(text: string, file: string): Promise<Parsed> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return { value: parse(text), findLine: () => undefined }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw syntaxError(file, error.line, error.message)
  }
}

/** A value as TOML writes it: a number, a boolean, a list, a quoted string. Anything else is the string that it is. */
export async function parseValue(text: string): Promise<unknown> {
  const { parse, TomlDate, TomlError } = await import('smol-toml')
  try {
    const { value, ...others } = parse(`value = ${text}`)
    // No key takes a date, and 01:30:00 is meant as it stands.
    return Object.keys(others).length > 0 || value instanceof TomlDate ? text : value
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    return text
  }
}

async function parseYaml(text: string, file: string): Promise<Parsed> {
  const { LineCounter, parseDocument, visit } = await import('yaml')
  const lineCounter = new LineCounter()
  // Whether keys are unique the parser finds out by comparing each with all others.
  const options = { lineCounter, prettyErrors: false, stringKeys: true, uniqueKeys: false }
  const document = parseDocument(text, options)
  const [error] = document.errors
  if (error) throw syntaxError(file, lineCounter.linePos(error.pos[0]).line, nameYamlError(error.message))
  visit(document, {
    Map: (_, { items }) => {
      const keys = new Set<unknown>()
      for (const { key } of items) {
        const { value, range } = (key ?? {}) as YamlKey
        if (keys.has(value))
          throw syntaxError(
            file,
            lineCounter.linePos(range?.[0] ?? 0).line,
            `the key "${showKey(String(value))}" is there twice`,
          )
        keys.add(value)
      }
    },
  })
  const findLine: FindLine = path => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined
      const start = node?.range?.[0]
      if (start !== undefined) return lineCounter.linePos(start).line
    }
    return undefined
  }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), findLine }
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error // "Excessive alias count": a YAML bomb
    throw syntaxError(file, undefined, error.message)
  }
}

/** A key of a table in YAML. */
interface YamlKey {
  readonly value?: unknown
  readonly range?: readonly number[] | null
}

/** The parser reports an exhausted stack as an error of syntax. */
function nameYamlError(message: string): string {
  return message.includes('call stack') ? 'it is nested too deeply' : message
}

async function parseJson(text: string, file: string): Promise<Parsed> {
  try {
    const value: unknown = JSON.parse(text)
    return { value, findLine: (await parseYaml(text, file)).findLine } // JSON is YAML, whose parser knows lines
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    await parseYaml(text, file) // says in which line, if it is not YAML either
    throw syntaxError(file, undefined, error.message)
  }
}

function syntaxError(file: string, line: number | undefined, message: string): SpmiError {
  const words = (message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '')
  return new SpmiError(
    'descriptor',
    `${line === undefined ? file : `${file}:${line}`}: syntax error: ${words}`,
  )
}

/** A key as messages show it. */
export function showKey(key: string): string {
  return key.length > 40 ? `${key.slice(0, 40)}…` : key
}
