/** How a command ended is recorded as it was: every exit code, and death by every signal that ends a process. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { TestPool, until } from '../support/spmi.ts'

const CODES = Array.from({ length: 256 }, (_, code) => code)

/** Signals whose default is to end the process. Source: signal(7). */
const DEADLY = Object.entries(constants.signals).filter(
  ([name]) =>
    !['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGWINCH'].includes(name),
)
/** Real-time signals have no names, and sh does not know their numbers, but bash does (which itself ignores SIGQUIT). */
const REALTIME = [34, 40, 64]

for (const backend of ['native', 'screen'])
  describe(`ends of commands on ${backend}`, () => {
    const pool = new TestPool()
    afterAll(() => pool.dispose())

    test('exit codes 0 to 255, and deaths by signals', async () => {
      const commands = new Map<string, readonly [command: string, shown: RegExp]>()
      for (const code of CODES) commands.set(`code_${code}`, [`exit ${code}`, new RegExp(`^${code}( |$)`)])
      for (const [name, number] of DEADLY)
        commands.set(`death_${name}`, [
          `kill -s ${number} $$`,
          new RegExp(`^${128 + number} \\(SIG[A-Z0-9]+ or exit ${128 + number}\\)$`),
        ])
      for (const number of REALTIME)
        commands.set(`death_${number}`, [`kill -s ${number} $$`, new RegExp(`^${128 + number}$`)])
      const descriptors = [...commands].map(([id, [command]]) =>
        pool.write(
          `${id}.json`,
          JSON.stringify({
            task: {
              id,
              backend: { type: backend },
              wrapper: { command, shell: [id.match(/^death_\d/) ? 'bash' : 'sh', '-c'] },
            },
          }),
        ),
      )
      expect(await pool.spmi('load', ...descriptors)).toMatchObject({ status: 0 })
      expect(await pool.spmiWith({ timeout: 120_000 }, 'start', '.*')).toMatchObject({ status: 0 })
      const hasEnded = (id: string) =>
        /^ended /m.test(readFileSync(join(pool.runDirectory(id), 'journal'), 'utf8'))
      await until(() => [...commands.keys()].every(hasEnded), 60_000)
      const { stdout } = await pool.spmi('status', '.*')
      const shown = new Map(
        stdout.split(/\n\n/).flatMap(block => {
          const [, id, exit] = /^(\w+) \(task\)\n(?:.*\n)*.*Exit code: (.*)$/m.exec(block) ?? []
          return id !== undefined && exit !== undefined ? [[id, exit] as const] : []
        }),
      )
      const wrong = [...commands].filter(([id, [, expected]]) => !expected.test(shown.get(id) ?? 'nothing'))
      expect(wrong.map(([id, [, expected]]) => [id, String(expected), shown.get(id)])).toEqual([])
    }, 180_000)

    test('a signal that SPMI sent is named alone', async () => {
      await pool.load('stopped', { command: 'exec sleep 300', stop_signal: 'SIGTERM' }, { type: backend })
      expect(await pool.spmi('start', 'stopped')).toMatchObject({ status: 0 })
      expect(await pool.spmi('stop', 'stopped')).toMatchObject({ status: 0 })
      expect((await pool.spmi('status', 'stopped')).stdout).toContain('Exit code: 143 (SIGTERM)\n')
    })
  })
