/** The classes of manageables: what one must have, and the decorator that lets it be found. */
import { SpmiError } from '../errors.ts'
import { Manageable, type ManageableContext, type ManageableTable } from './manageable.ts'

/** A class that can be registered: a concrete child of Manageable with the statics of its own or Manageable's. */
export type ManageableClass = Pick<
  typeof Manageable,
  | 'marksFirstStart'
  | 'keepsStart'
  | 'loadEntries'
  | 'schemaFor'
  | 'everySchema'
  | 'normalise'
  | 'prepare'
  | 'chooseAll'
  | 'statusAll'
  | 'summariseAll'
  | 'startAll'
  | 'planAll'
  | 'stopAll'
  | 'killAll'
  | 'signalAll'
  | 'pauseAll'
  | 'resumeAll'
  | 'diagnose'
> & {
  readonly name: string
  new (type: string, table: ManageableTable, context: ManageableContext): Manageable
}

const decorated = new WeakSet<object>()

/**
 * Decorates a realisation of Manageable: `@manageable() class SomeManageable extends Manageable`, or in plain
 * JavaScript `manageable()(SomeManageable)`.
 * @throws SpmiError `plugin` when the class does not follow the naming convention
 */
export function manageable() {
  return <T extends ManageableClass>(target: T, _context?: ClassDecoratorContext): T => {
    if (!(target.prototype instanceof Manageable))
      throw new SpmiError('plugin', `class ${target.name} is not a child of Manageable`)
    decorated.add(target)
    return target
  }
}

/** Whether a class is a decorated realisation of Manageable. */
export function isManageableClass(value: unknown): value is ManageableClass {
  return typeof value === 'function' && decorated.has(value)
}
