/** The kinds of manageables: one line per kind. */
import { isManageableClass, type ManageableClass } from '../core/manageable-class.ts'
import { Registry } from '../core/registry.ts'
import { TaskManageable } from './task/task.ts'

export { listBackends, refuseUnknownBackend } from './task/list-backends.ts'

export const manageableClasses = new Registry<ManageableClass>(
  'Manageable',
  { TaskManageable },
  isManageableClass,
)
