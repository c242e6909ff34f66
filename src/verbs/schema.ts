/** schema: what descriptors may say, as a JSON Schema. */
import type { Catalog } from '../core/catalog.ts'
import { describeDescriptors, type JsonSchema } from '../core/json-schema.ts'

/**
 * The JSON Schema of descriptors: of all that is built in, and of the plug-ins in the pool.
 * @throws SpmiError `plugin` for a plug-in that cannot be imported
 */
export function schema({ classes, context }: Catalog): Promise<JsonSchema> {
  return describeDescriptors(classes, context.store)
}
