/** Pauses. The one of Node costs a millisecond of start-up. */

/** Resolved after so many milliseconds, or as soon as the signal is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end) // a signal may outlive very many pauses
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal?.addEventListener('abort', end)
  })
}

/** Milliseconds that work without a pause may take. */
const TURN = 50

/** For work that may go on for ever, such as showing output that keeps coming: lets signals have their turn now and then. */
export class Turns {
  #begin = performance.now()

  /** Resolved at once; after a long turn when others have had theirs. */
  async pass(): Promise<void> {
    if (performance.now() - this.#begin < TURN) return
    await sleep(0)
    this.#begin = performance.now()
  }
}
