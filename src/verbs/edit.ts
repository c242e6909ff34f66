/**
 * edit: changes the stored descriptor of one manageable. The change is made to a draft, which is checked before it takes the
 * descriptor's place, as `reload` would do it.
 */
import { dirname } from 'node:path'
import type { Catalog } from '../core/catalog.ts'
import { readDescriptor } from '../core/descriptor.ts'
import { SpmiError } from '../errors.ts'
import { Damage, RELOAD_MENDS } from '../store/damage.ts'
import { Draft } from '../store/draft.ts'
import { type Reloaded, replaceAll } from './load.ts'
import { notLoaded } from './select.ts'

/** How a descriptor is changed. */
export interface Editing {
  /** Changes the draft, a file whose name ends as its format wants it. */
  readonly change: (path: string) => Promise<void>
  /** Whether what is wrong with the draft is to be mended by another change; otherwise it is thrown. */
  readonly isToBeMended?: (wrong: SpmiError | AggregateError) => Promise<boolean>
}

/**
 * Changes the descriptor of a manageable.
 * @returns undefined when nothing was changed
 * @throws SpmiError `missing`, `damaged`, `descriptor`, `active` as `reload`, or an AggregateError; nothing is replaced then
 */
export async function edit(catalog: Catalog, id: string, editing: Editing): Promise<Reloaded | undefined> {
  const { store } = catalog.context
  if (!store.listIds().includes(id)) throw notLoaded(catalog, id)
  const damage = new Damage(id)
  const stored = damage.read(() => store.readDescriptor(id), RELOAD_MENDS)
  const folder = damage.read(() => store.readFolder(id), RELOAD_MENDS)
  damage.raise()
  if (stored === undefined || folder === undefined)
    throw new SpmiError(
      'damaged',
      `the pool lacks the descriptor of manageable "${id}", or from where it came`,
      {
        hint: RELOAD_MENDS,
        id,
      },
    )
  const name = `descriptor.${stored.format}`
  const draft = new Draft(store.path, name, stored.text)
  try {
    for (;;) {
      await editing.change(draft.path)
      try {
        return await take(catalog, { id, folder, text: stored.text, name, draft })
      } catch (error) {
        const isWrong = error instanceof SpmiError || error instanceof AggregateError
        if (!isWrong || !(await editing.isToBeMended?.(error))) throw error
      }
    }
  } finally {
    draft.remove()
  }
}

interface Change {
  readonly id: string
  /** From where relative paths count: the draft lies elsewhere. */
  readonly folder: string
  /** What stood there before. */
  readonly text: string
  readonly name: string
  readonly draft: Draft
}

async function take(
  catalog: Catalog,
  { id, folder, text, name, draft }: Change,
): Promise<Reloaded | undefined> {
  const { classes, context } = catalog
  const { home, store } = context
  if (draft.read() === text) return undefined
  const descriptor = await readDescriptor(name, dirname(draft.path), home, classes, store, folder)
  if (descriptor.table.id !== id)
    throw new SpmiError('descriptor', `${name}: ${descriptor.type}.id: must stay "${id}"`, {
      hint: '"spmi load" loads a descriptor with another id',
    })
  return replaceAll(catalog, [descriptor])
}
