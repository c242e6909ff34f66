/**
 * The JSON Schema of descriptors, for editors and for the manual: made from the schemas that `load` checks with, so that it
 * says the same. What only a program can check (a number of bytes, the types of plug-ins that are not in this pool) it lets
 * pass. Draft 7 is what both common language servers, those for TOML (Taplo) and for YAML, take.
 */
import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import type { PoolStore } from '../store/pool-store.ts'
import type { ManageableClass } from './manageable.ts'
import { type Registry, TYPE_NAME } from './registry.ts'

/** The part of a JSON Schema that those of descriptors use. Source: https://json-schema.org/draft-07 */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly [keyword: string]: unknown
}

/** The schema of the descriptors that may be loaded into a pool. */
export async function describeDescriptors(
  classes: Registry<ManageableClass>,
  store: PoolStore,
): Promise<JsonSchema> {
  const types = classes.listTypes(store)
  const tables = types.map(async type => {
    const found = await classes.resolve(type, store)
    const table = toJson(await found.everySchema(store))
    return [type, { description: `A manageable of the type "${type}".`, ...table }] as const
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'SPMI descriptor',
    description: 'What SPMI needs to start a manageable: one table, whose name is its type.',
    type: 'object',
    properties: {
      $schema: { type: 'string', description: 'Where the JSON Schema of descriptors is, for editors.' },
      ...Object.fromEntries(await Promise.all(tables)),
    },
    propertyNames: { anyOf: [{ const: '$schema' }, { pattern: TYPE_NAME.source }] },
    additionalProperties: {
      description: 'A manageable of a plug-in.',
      type: 'object',
      properties: { id: { type: 'string' }, comment: { type: 'string' } },
      required: ['id'],
    },
    // One table, with or without $schema.
    if: { required: ['$schema'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { minProperties: 2, maxProperties: 2 },
    else: { minProperties: 1, maxProperties: 1 },
  }
}

function toJson(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    target: 'draft-07',
    typeMode: 'input',
    errorMode: 'ignore', // what a plug-in checks may have no words in JSON Schema; it is let pass
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === 'variant'
        ? chooseByType(jsonSchema.oneOf as unknown as Alternative[])
        : undefined,
  })
  return json as unknown as JsonSchema // the keywords of ours, of all that there are
}

/** One of the tables between which the key `type` decides. */
interface Alternative {
  readonly properties: { readonly type: { readonly const: string; readonly default?: string } }
  readonly required: readonly string[]
}

/**
 * Tables between which the key `type` decides; of a type that is not known here anything is let pass. By conditions, because
 * of `oneOf` editors only say that nothing fits. Taplo finds no keys in conditions, so they stand in `anyOf`, which never fails.
 */
function chooseByType(alternatives: readonly Alternative[]): object {
  return {
    type: 'object',
    properties: { type: { type: 'string', pattern: TYPE_NAME.source } },
    allOf: alternatives.map(alternative => ({
      if: {
        properties: { type: { const: alternative.properties.type.const } },
        required: alternative.required.filter(key => key === 'type'),
      },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: alternative,
    })),
    anyOf: [{}, ...alternatives.map(({ properties }) => ({ properties }))],
  }
}
