/** check: descriptors as `load` reads them, without loading any. */
import type { Catalog } from '../core/catalog.ts'
import { readDescriptors } from './load.ts'

/** A descriptor that is right by itself. */
export interface CheckedDescriptor {
  /** Its path, as it was given. */
  readonly file: string
  readonly id: string
  /** The type of the manageable. */
  readonly type: string
  /** Whether a manageable with its id is loaded, so that it would be taken by reload and not by load. */
  readonly isLoaded: boolean
}

/** What a check found. */
export interface CheckReport {
  readonly descriptors: readonly CheckedDescriptor[]
  /** Everything for which `load` would refuse the others. */
  readonly errors: readonly Error[]
}

/**
 * Checks descriptors and loads none.
 * @param cwd the directory from which relative paths count
 */
export async function check(catalog: Catalog, paths: readonly string[], cwd: string): Promise<CheckReport> {
  const { descriptors, errors } = await readDescriptors(catalog, paths, cwd)
  return {
    descriptors: descriptors.map(({ file, type, table: { id } }) => ({
      file,
      id,
      type,
      isLoaded: catalog.context.store.has(id),
    })),
    errors,
  }
}
