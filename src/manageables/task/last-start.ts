/** What the last start of a task ran, as its run keeps it. */
import type { LastStart } from '../../core/start.ts'
import { Damage, MOVE_AWAY } from '../../store/damage.ts'
import { runFiles } from '../../store/layout.ts'
import { findLastRun, readRunContent } from '../../store/run-store.ts'
import { readExports } from '../../system/shell-quote.ts'
import type { TaskManageable } from './task.ts'

/** Reads script and environment of the last run of a task. @throws SpmiError `damaged` */
export function readLastStart({ id, directory }: TaskManageable): LastStart | undefined {
  const damage = new Damage(id)
  const run = damage.read(() => findLastRun(directory), MOVE_AWAY)
  const content = run && damage.read(() => readRunContent(run), MOVE_AWAY)
  damage.raise()
  if (run === undefined || content === undefined) return undefined
  const { script, environment } = content
  const path = runFiles.script(run.directory)
  return { run: run.number, path, script, environment: readExports(environment) }
}
