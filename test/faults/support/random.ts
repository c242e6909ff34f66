/** Chance that can be repeated: `SPMI_FAULTS_SEED=N` makes the suite draw the same again. */

/** The seed of this run; tests print it with what failed. */
export const seed = Number(process.env.SPMI_FAULTS_SEED ?? Date.now() % 2 ** 32)

export class Random {
  #state: number

  /** @param stream another number for each test, so that tests do not draw alike */
  constructor(stream: number) {
    this.#state = (seed ^ Math.imul(stream, 0x9e3779b9)) >>> 0
  }

  /** A number from 0 up to, but not including, 1. (Mulberry32) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** Some items at even distances, in their order, of which the first one is drawn; all where there are not that many. */
  sample<T>(items: readonly T[], amount: number): T[] {
    const stride = Math.max(1, items.length / amount)
    const offset = this.next() * stride
    return items.filter(
      (_, index) => Math.floor((index + offset) / stride) !== Math.floor((index + 1 + offset) / stride),
    )
  }
}
