/** wait: until manageables are inactive; the exit status is the largest of their exit codes. */
import type { Shown } from '../../verbs/show.ts'
import { exitCodeOf, wait } from '../../verbs/wait.ts'
import type { WAIT_OPTIONS } from '../command-options.ts'
import { formatDuration } from '../format.ts'
import type { OptionValues } from '../options.ts'
import { explainEnd, explainSelection } from '../report.ts'
import type { ExitStatus, Session } from '../session.ts'

type WaitSession = Session<OptionValues<typeof WAIT_OPTIONS>>

/** The exit status when the time is over: that of timeout(1). */
const TIMED_OUT = 124

/** Waits until the selected manageables are inactive. */
export async function runWait(session: WaitSession): Promise<ExitStatus> {
  const { log, json, catalog, operands, options } = session
  const progress = new Progress(session)
  const waited = await wait(catalog, operands, options, {
    onBegin: () => progress.expectOne(),
    onChange: shown => progress.tell(shown),
  }).finally(() => progress.close())
  json?.addStatuses(waited.shown)
  json?.add({ timed_out: waited.isTimedOut })
  const ended = waited.shown.filter(hasEnded)
  if (waited.isTimedOut)
    log.warning(`The time is over: ${ended.length} of ${waited.shown.length} manageables have ended`)
  else if (ended.length > 0) log.info(`Waited for ${ended.length} manageables`)
  const statuses = waited.shown.map(shown => shown.status)
  const status = explainSelection(log, waited, 'wait for', statuses)
  return waited.isTimedOut ? TIMED_OUT : Math.max(status, ...ended.map(exitCodeOf))
}

function hasEnded({ status }: Shown): boolean {
  return status.state === 'inactive'
}

/** Says how each one ends; on a terminal a last line tells how many have, and how long it takes. */
class Progress {
  readonly #session: WaitSession
  readonly #begin: Date
  readonly #timer: ReturnType<typeof setInterval> | undefined
  #total = 0
  #ended = 0
  #failed = 0

  constructor(session: WaitSession) {
    this.#session = session
    const { context, json, options } = session
    this.#begin = context.now()
    const isShown = context.stderr.isTerminal && context.environment.TERM !== 'dumb'
    if (isShown && !json && !options.quiet) this.#timer = setInterval(() => this.#show(), 1000)
  }

  expectOne(): void {
    this.#total++
  }

  /** Tells of one whose state is new. */
  tell(shown: Shown): void {
    this.#clear()
    this.#record(shown)
    if (hasEnded(shown)) {
      this.#ended++
      if (exitCodeOf(shown) !== 0) this.#failed++
    }
    this.#show()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#clear()
  }

  #record(shown: Shown): void {
    const { log } = this.#session
    if (hasEnded(shown)) explainEnd(log, shown)
    else if (shown.status.state === 'unknown')
      log.warning(`Whether manageable "${shown.manageable.id}" is active is unknown (${shown.status.words})`)
  }

  #show(): void {
    if (this.#timer === undefined) return
    const { context } = this.#session
    const elapsed = formatDuration(Math.max(0, context.now().getTime() - this.#begin.getTime()))
    const failed = this.#failed === 0 ? '' : `, ${this.#failed} failed`
    this.#clear()
    context.stderr.write(`${this.#ended} of ${this.#total} ended${failed}, ${elapsed}`)
  }

  /** Source: ECMA-48, 8.3.41 (erase in line). */
  #clear(): void {
    if (this.#timer !== undefined) this.#session.context.stderr.write('\r\x1b[K')
  }
}
