/** new: a descriptor to be edited. */
import { writeNew } from '../../verbs/new.ts'
import type { NEW_OPTIONS } from '../command-options.ts'
import type { OptionValues } from '../options.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Writes a descriptor with every key. */
export async function runNew(session: Session<OptionValues<typeof NEW_OPTIONS>>): Promise<ExitStatus> {
  const { context, log, json, catalog, operands, options } = session
  const [name = ''] = operands
  const file = await writeNew(catalog, name, options.backend, context.cwd)
  json?.add({ file })
  log.info(`Wrote "${file}": edit it, then "spmi load ${file}"`)
  return 0
}
