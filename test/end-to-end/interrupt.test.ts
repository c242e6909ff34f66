/** ^C at a terminal, for the commands that do something on it: what comes after it begins on a line of its own. */
import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { join } from 'node:path'
import { Seat } from '../support/seat.ts'
import { ARTIFACTS, type Artifact, installProgram, TestPool } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'

const atSeat = needs('tmux', Bun.which('tmux') !== null)

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`^C and ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const bin = join(pool.folder, 'bin')
    let seat: Seat
    beforeAll(async () => {
      installProgram(artifact, bin)
      const command = 'echo ready; printf 10%%; exec sleep 300'
      for (const id of ['任務', 'a-task']) await pool.load(id, { command })
      await pool.spmi('start', '.*')
      seat = new Seat({ ...pool.environment, PATH: `${bin}:${process.env['PATH']}` })
    })
    afterAll(async () => {
      seat?.kill()
      await pool.dispose()
    })
    /** What stands on the screen above the prompt, when a command was left by ^C. */
    const leave = async (command: string, shown: string | RegExp) => {
      seat.enter(`clear; ${command}`)
      await seat.shows(shown)
      seat.press('C-c')
      await seat.shows(/^seat>$/m)
      return seat.lines.slice(0, seat.lines.indexOf('seat>'))
    }

    atSeat('leaves logs -f, whose unfinished line stays whole', async () => {
      expect(await leave("spmi logs -f '.*'", '| 10%')).toEqual([
        'a-task | ready',
        '任務   | ready',
        'a-task | 10%',
        '任務   | 10%',
      ])
    })

    atSeat('leaves connect', async () => {
      const lines = await leave('spmi connect a-task', '10%')
      expect(lines.slice(-3)).toEqual([
        '10%^C',
        expect.stringMatching(/^\[.*INFO\]$/),
        'Left manageable "a-task" running',
      ])
    })

    atSeat('stops what run --foreground runs', async () => {
      const lines = await leave("spmi run -q --foreground 'echo begun; exec sleep 300'", /^begun$/m)
      expect(lines).toEqual(['begun', '^C'])
    })
  })
