/** What the last start of a task ran, as its run keeps it. */
import type { LastStart } from '../../core/start.ts'
import { runFiles } from '../../store/layout.ts'
import { findLastRun, readRunContent } from '../../store/run-store.ts'
import { readExports } from '../../system/shell-quote.ts'

/** Reads script and environment of the last run. */
export function readLastStart(directory: string): LastStart | undefined {
  const run = findLastRun(directory)
  const content = run && readRunContent(run)
  if (run === undefined || content === undefined) return undefined
  const { script, environment } = content
  const path = runFiles.script(run.directory)
  return { run: run.number, path, script, environment: readExports(environment) }
}
