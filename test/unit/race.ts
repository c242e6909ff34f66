/** Many processes at once that all want the same thing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const RACER = join(import.meta.dir, '../fixtures/racer.ts')

/** Lets processes race for one name. @returns their exit statuses: 0 for who won, 3 for who lost */
export async function race(
  kind: 'add' | 'start',
  count: number,
  pool: string,
  id: string,
): Promise<(number | null)[]> {
  const go = `${pool}.go`
  const racers = Array.from({ length: count }, () => {
    const racer = spawn(process.execPath, [RACER, kind, pool, id, go], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return { ready: once(racer.stdout, 'data'), end: once(racer, 'exit') }
  })
  await Promise.all(racers.map(({ ready }) => ready))
  writeFileSync(go, '')
  return Promise.all(racers.map(async ({ end }) => (await end)[0] as number | null))
}
