/** How much of the fault suite runs: `npm test` has the short form, `npm run test:faults -- --full` all of it. */

export const isFull = process.env.SPMI_FAULTS === 'full'

/** One of two amounts (rounds, cases, inputs): the first in the short form, the second in full. */
export function extent(short: number, full: number): number {
  return isFull ? full : short
}
