/** Opens a pool for the verbs. */
import { Catalog } from '../core/catalog.ts'
import { manageableClasses } from '../manageables/index.ts'
import { PoolStore } from '../store/pool-store.ts'
import { restoreVariables } from '../system/byte-text.ts'
import { RUN_VARIABLE } from '../system/run-marks.ts'

/** What a pool is opened with. */
export interface PoolOptions {
  /** The pool's directory. Default: $SPMI_PATH of the environment, or ~/.spmi. */
  readonly path?: string | undefined
  /** The environment that tasks are started with. Default: that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** The directory from which relative paths of descriptors count. Default: that of this process. */
  readonly cwd?: string | undefined
  /** The file mode creation mask of the tasks. Default: that of this process. */
  readonly umask?: number | undefined
  /** Called with what should be known although nothing failed. Default: nobody is told. */
  readonly onWarning?: ((message: string) => void) | undefined
}

/**
 * Opens the catalog of a pool: what verbs work on.
 * @throws SpmiError `pool` when the directory cannot be used
 */
export function openCatalog(options: PoolOptions = {}): Catalog {
  const catalog = makeCatalog(options)
  catalog.context.store.check()
  return catalog
}

/** The catalog of a pool that has not been looked at yet. */
export function makeCatalog(options: PoolOptions = {}): Catalog {
  const environment = defined(options.environment ?? restoreVariables(process.env))
  const home = environment.HOME || '/'
  const path = options.path ?? (environment.SPMI_PATH || `${home}/.spmi`)
  const context = {
    store: PoolStore.at(path, options.cwd ?? process.cwd()),
    // Empty instead of absent: a task may start another one, which is not part of its run (see run-processes.ts).
    environment: { ...environment, [RUN_VARIABLE]: '' },
    home,
    umask: options.umask ?? process.umask(),
    warn: options.onWarning ?? (() => {}),
  }
  return new Catalog(context, manageableClasses)
}

function defined(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(environment).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Record<string, string>
}
