/** The keys by which one leaves a terminal: ^] and d. ^] twice is one ^] for the program; before other keys it stays. */

/** How people write them. */
export const DETACH_KEYS = '^] d'

const PREFIX = 0x1d
const LEAVE = 'd'.charCodeAt(0)

/** Finds the detach keys in what is typed. */
export class DetachKeys {
  #isAfterPrefix = false

  /** What of the typed bytes is for the program, and whether one wants to leave after it. */
  take(typed: Uint8Array): { readonly bytes: Uint8Array; readonly isLeaving: boolean } {
    const bytes: number[] = []
    for (const byte of typed) {
      if (!this.#isAfterPrefix) {
        if (byte === PREFIX) this.#isAfterPrefix = true
        else bytes.push(byte)
        continue
      }
      if (byte === LEAVE) return { bytes: Uint8Array.from(bytes), isLeaving: true }
      this.#isAfterPrefix = false
      if (byte !== PREFIX) bytes.push(PREFIX)
      bytes.push(byte)
    }
    return { bytes: Uint8Array.from(bytes), isLeaving: false }
  }
}
