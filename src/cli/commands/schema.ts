/** schema: the JSON Schema of descriptors. */
import { schema } from '../../verbs/schema.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Prints the JSON Schema of descriptors. */
export async function runSchema({ context, json, catalog }: Session): Promise<ExitStatus> {
  const content = await schema(catalog)
  if (json) json.add({ schema: content })
  else context.stdout.write(`${JSON.stringify(content, undefined, 2)}\n`)
  return 0
}
