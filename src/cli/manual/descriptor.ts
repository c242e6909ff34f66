/** spmi-descriptor(5): the manual page of descriptors, made from their JSON Schema. */
import type { JsonSchema } from '../../core/json-schema.ts'
import type { Edition } from './program.ts'
import { bold, entry, italic, paragraph, renderPage, section, subsection, verbatim } from './roff.ts'

const EXAMPLE = `[task]
id = "train"
comment = "Trains the model."

[task.backend]
type = "native"

[task.wrapper]
command = "python3 train.py"
env = { EPOCHS = 20 }
stop_timeout = 60`

/** The page spmi-descriptor(5). */
export function renderDescriptorPage(schema: JsonSchema, edition: Edition): string {
  const tables = Object.entries(schema.properties ?? {}).filter(
    ([, { properties }]) => properties !== undefined,
  )
  return renderPage({ name: 'spmi-descriptor', section: 5, volume: 'File Formats', ...edition }, [
    ...section('NAME', ['spmi\\-descriptor \\- what SPMI needs to start a manageable']),
    ...section('DESCRIPTION', [
      ...paragraph(
        'A descriptor is a file in TOML, YAML or JSON; the ending of its name says which: .toml, .yaml or .yml, .json. All formats ' +
          'represent the same structure: one top table, whose name is the type of the manageable. A top key $schema beside it, ' +
          'which tells editors where the JSON Schema of descriptors is, is passed over.',
      ),
      ...paragraph(
        'Keys without a default must be there, unless they are called optional. Plug-ins have keys of their own.',
      ),
    ]),
    ...section(
      'KEYS',
      tables.flatMap(([name, table]) => showTable(name, table)),
    ),
    ...section('EXAMPLE', verbatim(EXAMPLE)),
    ...section('SEE ALSO', [`${bold('spmi')}(1)`]),
  ])
}

/** The keys of a table, and after them the tables in it. */
function showTable(path: string, table: JsonSchema, heading = `[${path}]`): string[] {
  const keys = Object.entries(table.properties ?? {})
  const isTable = ({ allOf, properties }: JsonSchema) => allOf !== undefined || properties !== undefined
  const own = keys.filter(([, schema]) => !isTable(schema))
  const inner = keys.filter(([, schema]) => isTable(schema))
  return [
    ...subsection(
      heading,
      own.flatMap(([key, schema]) => showKey(key, schema, table.required?.includes(key) ?? false)),
    ),
    ...inner.flatMap(([key, schema]) => showAlternatives(`${path}.${key}`, schema)),
  ]
}

/** One part for each type, where the key `type` decides what else there is. */
function showAlternatives(path: string, schema: JsonSchema): string[] {
  const alternatives = schema['allOf'] as readonly { readonly then: JsonSchema }[] | undefined
  if (alternatives === undefined) return showTable(path, schema)
  return alternatives.flatMap(({ then }) =>
    showTable(path, then, `[${path}] with type = "${then.properties?.['type']?.const}"`),
  )
}

function showKey(key: string, schema: JsonSchema, isRequired: boolean): string[] {
  const { description = '', default: standard } = schema
  const rest =
    standard !== undefined ? ` Default: ${JSON.stringify(standard)}.` : isRequired ? '' : ' Optional.'
  return entry(`${bold(key)} (${italic(nameType(schema))})`, `${description}${rest}`)
}

/** A type in words: "string, or list of strings". */
function nameType({ type, items, anyOf, const: constant, enum: words }: JsonSchema): string {
  if (anyOf !== undefined) return [...new Set(anyOf.map(nameType))].join(', or ')
  if (constant !== undefined) return JSON.stringify(constant)
  if (type === 'array') return `list of ${items === undefined ? 'value' : nameType(items)}s`
  if (words !== undefined && words.length < 5) return words.map(word => JSON.stringify(word)).join(' or ')
  return type === 'object' ? 'table' : String(type)
}
