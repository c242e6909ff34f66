/** What whoever starts a task must know of its end. */
import { cautionOf, findLogin } from '../../system/login.ts'
import type { TaskManageable } from './task.ts'

/** Why a task that is started now would end with a logout, in one line; undefined where it would not. Costs next to nothing. */
export function cautionOfTask({ next }: TaskManageable): string | undefined {
  login ??= { place: findLogin() }
  const end = next.backend.endsWith(next.options)
  const place = end === 'manager' ? login.place && end : end && login.place
  return place && cautionOf(place)
}
let login: { readonly place: ReturnType<typeof findLogin> } | undefined
