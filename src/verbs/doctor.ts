/** doctor: whether the pool, the backends and the wrappers can be used here, and what mends what cannot. */
import type { Listing } from '../core/catalog.ts'
import { type Diagnosis, isUsable, type Part } from '../core/diagnosis.ts'
import { examineAccess, examineFileSystem } from '../store/examine-pool.ts'
import { type Finding, findingOf, warning } from '../system/finding.ts'
import { makeCatalog, type PoolOptions } from './open.ts'

/** What is loaded in a pool that cannot be read. */
const NOTHING: Listing = { manageables: [], fresh: new Set(), damaged: [], foreign: [] }

/**
 * Examines a pool, also one that cannot be opened, and all that its manageables rest on, side by side. Nothing is changed
 * but a hidden folder in the pool that comes and goes.
 */
export async function doctor(options: PoolOptions = {}): Promise<Diagnosis> {
  const catalog = makeCatalog(options)
  const { store, environment } = catalog.context
  const access = await examineAccess(store, environment)
  const isReadable = access.level === 'ok'
  const listing = isReadable ? await catalog.list() : NOTHING
  const files = isReadable ? examineFileSystem(store) : []
  const context = { environment, store: isReadable ? store : undefined }
  const kinds = catalog.classes.listKnown().map(type => {
    const items = listing.manageables.filter(manageable => manageable.type === type)
    return catalog.classes.require(type).diagnose(items, context)
  })
  const pool: Part = {
    kind: 'pool',
    name: store.path,
    users: listing.manageables.length,
    isNeeded: true,
    findings: [access, ...judgeContent(listing), ...(await files)],
  }
  const parts = [pool, ...(await Promise.all(kinds)).flat()]
  return { isWell: parts.every(part => !part.isNeeded || isUsable(part)), parts }
}

function judgeContent({ damaged, foreign }: Listing): Finding[] {
  return [
    ...damaged.map(error => findingOf('manageable', error)),
    ...foreign.map(name =>
      warning(
        'foreign folder',
        `"${name}" is not of this SPMI, and is left alone`,
        'move it out of the pool',
      ),
    ),
  ]
}
