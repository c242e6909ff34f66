/** Names of signals as people write them. */
import { SpmiError } from '../errors.ts'
import { nameSignal, SIGNALS, type SignalName } from '../system/process.ts'
import { suggest } from './suggest.ts'

export type { SignalName }

/**
 * `SIGUSR1`, `usr1` or `10` → SIGUSR1.
 * @throws SpmiError `usage` for what names no signal
 */
export function readSignal(text: string): SignalName {
  const upper = text.toUpperCase()
  const name = /^\d+$/.test(text) ? nameSignal(Number(text)) : upper.startsWith('SIG') ? upper : `SIG${upper}`
  const found = SIGNALS.find(signal => signal === name)
  if (found === undefined) throw new SpmiError('usage', refuseSignal(text, name))
  return found
}

/** What is said of a name that no signal has. @param likely what it would be called in full */
export function refuseSignal(text: string, likely = text): string {
  return `unknown signal "${text}"; ${suggest(likely, SIGNALS) ?? `the signals are ${SIGNALS.join(', ')}`}`
}
