/** A descriptor to be edited: every key that a schema knows, with its description and its default as comments. In TOML. */
import * as v from 'valibot'

/** What of a schema is told. */
interface SchemaShape {
  readonly type?: string
  readonly entries?: Readonly<Record<string, v.GenericSchema>>
  readonly wrapped?: v.GenericSchema
}

/** Values of keys by their names; a table for a table. */
export interface TemplateValues {
  readonly [key: string]: string | TemplateValues
}

/** The lines of a page are no longer than this. */
const WIDTH = 100

/**
 * The text of a descriptor.
 * @param values what is not left at its default
 */
export function renderTemplate(type: string, schema: v.GenericSchema, values: TemplateValues): string {
  const head = [
    'A descriptor of SPMI. Edit it, and load it with "spmi load".',
    'What stands behind "#" is the default of the key; "" where it has none.',
  ]
  const tables = renderTable([type], schema, values)
  return `${[head.map(comment).join('\n'), ...tables].join('\n\n')}\n`
}

/** A table, and the tables in it, as blocks. */
function renderTable(path: readonly string[], schema: v.GenericSchema, values: TemplateValues): string[] {
  const keys: string[] = []
  const tables: string[] = []
  for (const [key, entry] of Object.entries(entriesOf(schema) ?? {})) {
    const value = values[key]
    if (entriesOf(entry) === undefined) keys.push(renderKey(key, entry, value))
    else tables.push(...renderTable([...path, key], entry, typeof value === 'object' ? value : {}))
  }
  const description = path.length > 1 ? describe(schema) : []
  return [[...description, `[${path.join('.')}]`, ...keys].join('\n'), ...tables]
}

function renderKey(key: string, schema: v.GenericSchema, value: unknown): string {
  const { type } = schema as SchemaShape
  const isGiven = value !== undefined || type !== 'optional'
  const shown = value ?? v.getDefault(schema as Parameters<typeof v.getDefault>[0]) ?? ''
  return [...describe(schema), `${isGiven ? '' : '# '}${key} = ${renderValue(shown)}`].join('\n')
}

/** What is a value of TOML as well as of JSON. */
function renderValue(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(renderValue).join(', ')}]` : JSON.stringify(value)
}

function describe(schema: v.GenericSchema): string[] {
  const text = v.getDescription(schema)
  return text === undefined ? [] : [comment(text)]
}

/** A comment, on as many lines as it needs. */
function comment(text: string): string {
  const lines = ['#']
  for (const word of text.split(/\s+/)) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length <= WIDTH) lines[lines.length - 1] = line
    else lines.push(`# ${word}`)
  }
  return lines.join('\n')
}

function entriesOf(schema: v.GenericSchema): SchemaShape['entries'] {
  const { entries, wrapped } = schema as SchemaShape
  return entries ?? (wrapped && entriesOf(wrapped))
}
