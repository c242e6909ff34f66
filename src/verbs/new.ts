/** new: writes a descriptor that is to be edited. */
import { resolve } from 'node:path'
import type { Catalog } from '../core/catalog.ts'
import { asUsage } from '../core/check.ts'
import { refuseId } from '../core/id.ts'
import { renderTemplate } from '../core/template.ts'
import { errnoOf, SpmiError } from '../errors.ts'
import { createDescriptorFile } from '../store/descriptor-files.ts'

/**
 * Writes the descriptor of a task, `NAME.toml`, with every key that it may have.
 * @param cwd the folder in which it is written
 * @param backend its type; the default one without it
 * @returns the name of the file
 * @throws SpmiError `usage` for a name that is no id or an unknown backend, `exists` when there is such a file
 */
export async function writeNew(
  catalog: Catalog,
  name: string,
  backend: string | undefined,
  cwd: string,
): Promise<string> {
  const reason = refuseId(name)
  if (reason !== undefined) throw new SpmiError('usage', `the name "${name}" cannot be an ID: it ${reason}`)
  const { classes, context } = catalog
  const values = { id: name, ...(backend !== undefined && { backend: { type: backend } }) }
  const kind = await classes.resolve('task', context.store)
  const schema = await kind.schemaFor(values, context.store).catch((error: unknown) => {
    throw asUsage(error)
  })
  const file = `${name}.toml`
  try {
    createDescriptorFile(resolve(cwd, file), renderTemplate('task', schema, values))
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    throw new SpmiError('exists', `there is a file "${file}" already`, {
      hint: 'give another name, or remove it',
    })
  }
  return file
}
