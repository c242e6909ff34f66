/** start: with the backend of the descriptor or another one, or as a dry run. */
import type { Choice } from '../../core/start.ts'
import { planStart, start } from '../../verbs/start.ts'
import { readChoice } from '../choice.ts'
import type { CHOICE_OPTIONS, START_OPTIONS } from '../command-options.ts'
import type { OptionValues } from '../options.ts'
import { explainReport, runVerb, type Verb } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'

type StartOptions = OptionValues<typeof START_OPTIONS>

/** Starts the selected manageables, or shows what a start would do. */
export async function runStart(session: Session<StartOptions>): Promise<ExitStatus> {
  const choice = await readChoice(session.options)
  if (session.options['dry-run']) return showPlans(session, choice)
  const verb: Verb = (catalog, patterns, progress) => start(catalog, patterns, choice, progress)
  return runVerb(session, verb, ['start', 'Starting', 'Started'])
}

/** Stops the selected manageables that are active, and starts all of them. */
export async function runRestart(session: Session<OptionValues<typeof CHOICE_OPTIONS>>): Promise<ExitStatus> {
  const { restart } = await import('../../verbs/restart.ts')
  const choice = await readChoice(session.options)
  const verb: Verb = (catalog, patterns, progress) => restart(catalog, patterns, choice, progress)
  return runVerb(session, verb, ['restart', 'Restarting', 'Restarted'])
}

async function showPlans(
  { context, log, json, catalog, operands }: Session,
  choice: Choice,
): Promise<ExitStatus> {
  const preview = await planStart(catalog, operands, choice)
  if (json) json.addPlanned(preview.planned)
  else {
    const { renderPlan } = await import('./plan.ts')
    for (const planned of preview.planned) context.stdout.write(renderPlan(planned, context.stdout))
  }
  return explainReport(log, preview, 'start', `Would start ${preview.planned.length} manageables`)
}
