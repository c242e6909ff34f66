/** start: Starts the selected manageables that are inactive, or tells what that would do. */
import type { Catalog } from '../core/catalog.ts'
import type { Manageable } from '../core/manageable.ts'
import type { Choice, StartPlan } from '../core/start.ts'
import { SpmiError } from '../errors.ts'
import { actOn, type Progress, type Report, type Selection, select } from './select.ts'
import { byKind } from './show.ts'

/** What a start would do. */
export interface Preview extends Selection {
  readonly planned: readonly { readonly manageable: Manageable; readonly plan: StartPlan }[]
  /** Those whose start would fail, and why. */
  readonly failed: Report['failed']
}

/**
 * Starts the selected manageables that are inactive.
 * @param choice what this start takes instead of what the descriptors say
 * @throws SpmiError `usage` for an invalid pattern or choice; nothing is started then
 */
export async function start(
  catalog: Catalog,
  patterns: readonly string[],
  choice: Choice = {},
  progress?: Progress,
): Promise<Report> {
  const selection = await choose(await select(catalog, patterns), choice)
  return actOn(selection, (kind, items) => kind.startAll(items), progress)
}

/**
 * Tells what a start would do, and does none of it.
 * @throws SpmiError `usage` for an invalid pattern or choice
 */
export async function planStart(
  catalog: Catalog,
  patterns: readonly string[],
  choice: Choice = {},
): Promise<Preview> {
  const selection = await choose(await select(catalog, patterns), choice)
  const plans = await byKind(selection.manageables, (kind, items) => kind.planAll(items))
  const planned: { manageable: Manageable; plan: StartPlan }[] = []
  const failed: { manageable: Manageable; error: SpmiError }[] = []
  for (const [index, manageable] of selection.manageables.entries()) {
    const plan = plans[index]
    if (plan instanceof SpmiError) failed.push({ manageable, error: plan })
    else if (plan !== undefined) planned.push({ manageable, plan })
  }
  return { ...selection, planned, failed }
}

/** The selection, whose next start takes what was chosen. @throws SpmiError `usage` */
export async function choose(selection: Selection, choice: Choice): Promise<Selection> {
  if (choice.backend === undefined && choice.set === undefined) return selection
  const chosen = await byKind(selection.manageables, (kind, items) => kind.chooseAll(items, choice))
  return { ...selection, manageables: chosen }
}
