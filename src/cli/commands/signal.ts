/** signal: the first operand names the signal, the others are patterns. */
import { readSignal } from '../../core/signal-name.ts'
import { signal } from '../../verbs/signal.ts'
import type { SIGNAL_OPTIONS } from '../command-options.ts'
import type { OptionValues } from '../options.ts'
import { runVerb, type Verb } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Sends a signal to the selected manageables. */
export async function runSignal(session: Session<OptionValues<typeof SIGNAL_OPTIONS>>): Promise<ExitStatus> {
  const [text = '', ...operands] = session.operands
  const name = readSignal(text)
  const reach = session.options.all ? 'all' : 'group'
  const verb: Verb = (catalog, patterns, progress) => signal(catalog, name, patterns, reach, progress)
  return runVerb({ ...session, operands }, verb, ['signal', `Sending ${name} to`, `Sent ${name} to`])
}
