/** What comes after tasks were started: old runs are removed, and what is to be known of their end is said. */
import { asSpmiError } from '../../errors.ts'
import { cautionOf, findLogin } from '../../system/login.ts'
import type { TaskManageable } from './task.ts'

/** Removes what the descriptors do not keep. A start does not fail for what cannot be removed. */
export async function removeUnkept(tasks: readonly TaskManageable[]): Promise<void> {
  const kept = tasks.filter(({ keepRuns }) => keepRuns !== undefined)
  if (kept.length === 0) return
  const { removeOldRuns } = await import('../../store/old-runs.ts')
  for (const task of kept) {
    try {
      await removeOldRuns(task.directory, task.keepRuns ?? Number.POSITIVE_INFINITY)
    } catch (error) {
      const { message } = asSpmiError(error, 'a run cannot be removed')
      task.context.warn(`cannot prune manageable "${task.id}": ${message}`)
    }
  }
}

/** Warns, once for all, where a logout would end what was started. Outside of a login it costs a file that is read. */
export function warnOfLogout(tasks: readonly TaskManageable[]): void {
  const login = findLogin()
  if (login === undefined) return
  const ends = new Set(tasks.map(({ next }) => next.backend.endsWith(next.options)))
  const places = new Set([...ends].flatMap(end => (end === undefined ? [] : [end === 'login' ? login : end])))
  for (const place of places) {
    const caution = cautionOf(place)
    if (caution !== undefined) tasks[0]?.context.warn(caution)
  }
}
