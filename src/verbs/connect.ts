/** connect: shows what an active manageable prints, and passes on what is typed. */

import type { Catalog } from '../core/catalog.ts'
import type { Connection, OutputChunk } from '../core/connection.ts'
import { SpmiError } from '../errors.ts'
import { sleep, Turns } from '../system/sleep.ts'
import { findOne } from './select.ts'

/** Milliseconds between two looks at the output of what is talked to line by line. */
const PAUSE = 30

/**
 * Connects to one active manageable.
 * @throws SpmiError `missing`, `inactive`, `unknown`, `usage` for a kind that cannot be connected to
 */
export async function connect(catalog: Catalog, id: string): Promise<Connection> {
  const manageable = await findOne(catalog, id)
  if (manageable.connect === undefined)
    throw new SpmiError('usage', `manageable "${id}" is a ${manageable.type}, which cannot be connected to`)
  return manageable.connect()
}

/**
 * Shows output as it comes, until the end of what is connected to, or until `signal` is aborted.
 * @param pause milliseconds between two looks at the output
 * @returns whether the end was reached
 */
export async function follow(
  connection: Connection,
  show: (chunk: OutputChunk) => void,
  signal: AbortSignal,
  pause = PAUSE,
): Promise<boolean> {
  const turns = new Turns()
  while (!signal.aborted) {
    const isOver = connection.isOver() // asked first, so that what came before the end is shown
    for (let chunk = connection.readOutput(); chunk !== undefined; chunk = connection.readOutput()) {
      show(chunk)
      await turns.pass()
      if (signal.aborted) return false
    }
    if (isOver) return true
    await sleep(pause, signal)
  }
  return false
}
