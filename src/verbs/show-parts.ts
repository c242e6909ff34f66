/** show: what one manageable is made of, and what its last start ran. */
import type { Catalog } from '../core/catalog.ts'
import type { Manageable } from '../core/manageable.ts'
import { hideInDescriptor, hideVariables } from '../core/secrets.ts'
import type { LastStart } from '../core/start.ts'
import { SpmiError } from '../errors.ts'
import { Damage, RELOAD_MENDS } from '../store/damage.ts'
import { findOne } from './select.ts'

/** What a manageable is made of. */
export interface ShownParts {
  readonly manageable: Manageable
  /** As the user wrote it. */
  readonly descriptor: { readonly path: string; readonly format: string; readonly text: string }
  /** Undefined when it was never started, or when its kind cannot tell. */
  readonly start: LastStart | undefined
  /** Whether values were hidden. */
  readonly isHidden: boolean
}

/**
 * Shows what a manageable is made of.
 * @param secrets what becomes of values that may be secret
 * @throws SpmiError `missing`, `damaged`
 */
export async function showParts(
  catalog: Catalog,
  id: string,
  secrets: 'hide' | 'reveal' = 'hide',
): Promise<ShownParts> {
  const { store } = catalog.context
  const manageable = await findOne(catalog, id)
  const damage = new Damage(id)
  const descriptor = damage.read(() => store.readDescriptor(id), RELOAD_MENDS)
  damage.raise()
  if (descriptor === undefined)
    throw new SpmiError('damaged', `manageable "${id}" is damaged: its descriptor is missing`, {
      hint: RELOAD_MENDS,
      id,
    })
  const start = await manageable.readLastStart?.()
  if (secrets === 'reveal') return { manageable, descriptor, start, isHidden: false }
  const text = hideInDescriptor(descriptor.text, JSON.parse(store.readRecord(id) ?? 'null'))
  const environment = hideVariables(start?.environment ?? {})
  const isHidden =
    text !== descriptor.text ||
    Object.keys(environment).some(name => environment[name] !== start?.environment[name])
  return {
    manageable,
    descriptor: { ...descriptor, text },
    start: start && { ...start, environment },
    isHidden,
  }
}
