/** check: what is wrong with descriptors, in the words of load. */
import type { JsonDescriptor } from '../../core/json-shape.ts'
import type { SpmiError } from '../../errors.ts'
import { type CheckedDescriptor, check } from '../../verbs/check.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Checks descriptors. */
export async function runCheck({ context, log, json, catalog, operands }: Session): Promise<ExitStatus> {
  const { descriptors, errors } = await check(catalog, operands, context.cwd)
  json?.add({ descriptors: descriptors.map(toJson) })
  for (const error of errors as readonly SpmiError[]) log.error(error)
  for (const { file, id, isLoaded } of descriptors)
    if (isLoaded) log.info(`${file}: manageable "${id}" is loaded already; "spmi reload" replaces it`)
  const { length } = descriptors
  if (errors.length === 0) log.info(`Checked ${length} ${length === 1 ? 'descriptor' : 'descriptors'}`)
  return errors.length === 0 ? 0 : 1
}

function toJson({ file, id, type, isLoaded }: CheckedDescriptor): JsonDescriptor {
  return { file, id, type, is_loaded: isLoaded }
}
