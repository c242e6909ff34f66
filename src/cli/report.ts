/** What commands on many manageables say: what was done, what failed, and what patterns did not find. */
import type { Catalog } from '../core/catalog.ts'
import type { ManageableStatus } from '../core/status.ts'
import type { SpmiError } from '../errors.ts'
import type { Report, Selection } from '../verbs/select.ts'
import { damageOf, type Shown } from '../verbs/show.ts'
import type { Log } from './log.ts'
import type { ExitStatus, Session } from './session.ts'

/** What is done to the manageables that patterns select. */
export type Verb = (
  catalog: Catalog,
  patterns: readonly string[],
  progress: { readonly onBegin: (manageable: { readonly id: string }) => void },
) => Promise<Report>

/** Runs a verb on many manageables. @param words the verb, what is being done, what has been done */
export async function runVerb(
  { log, json, catalog, operands }: Session,
  verb: Verb,
  [name, doing, done]: readonly [string, string, string],
): Promise<ExitStatus> {
  const report = await verb(catalog, operands, {
    onBegin: ({ id }) => log.info(`${doing} manageable "${id}"`),
  })
  json?.addManageables(report.done)
  return explainReport(log, report, name, `${done} ${report.done.length} manageables`)
}

/** Says what failed, what was done and what patterns did not find. */
export function explainReport(
  log: Log,
  report: Selection & Pick<Report, 'failed'>,
  verb: string,
  done: string,
): ExitStatus {
  for (const { manageable, error } of report.failed) log.error(error, { id: manageable.id })
  if (report.manageables.length > 0) log.info(done)
  const status = explainSelection(log, report, verb)
  return report.failed.length > 0 ? 1 : status
}

/** Says what patterns did not find, and what is damaged. @param statuses what was shown, which may be damaged in part */
export function explainSelection(
  log: Log,
  { manageables, damaged, unmatched }: Selection,
  verb: string,
  statuses: readonly ManageableStatus[] = [],
): ExitStatus {
  const status = explainDamaged(log, [...damaged, ...damageOf(statuses)])
  const isNothing = manageables.length === 0 && damaged.length === 0
  if (isNothing) log.warning(`Nothing to ${verb}`)
  for (const { pattern, suggestion } of unmatched) {
    const known = suggestion === undefined ? '' : `; ${suggestion}`
    const isSaid = isNothing && suggestion === undefined && log.isForPeople
    if (!isSaid) log.warning(`No ID matches "${pattern}"${known}`, { code: 'missing', pattern })
  }
  return unmatched.length > 0 || isNothing ? 1 : status
}

/** Says what else is in the pool. */
export function explainForeign(log: Log, { context }: Catalog, foreign: readonly string[]): void {
  const { path } = context.store
  for (const name of foreign)
    log.warning(`"${name}" in the pool "${path}" is not of this SPMI, and is left alone`)
}

/** Says how the last run of an inactive manageable has ended. */
export function explainEnd(log: Log, { manageable, status }: Shown): void {
  const { run, exit } = manageable.facts(status)
  const end = status.words ?? (exit === undefined ? 'its exit code is unknown' : `exit code ${exit}`)
  if (run === undefined) log.warning(`Manageable "${manageable.id}" was never started`)
  else log.info(`Manageable "${manageable.id}" has ended: ${end}`)
}

export function explainDamaged(log: Log, damaged: readonly SpmiError[]): ExitStatus {
  for (const error of damaged) log.error(error)
  return damaged.length > 0 ? 1 : 0
}
