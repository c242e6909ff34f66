/** What a wrapper does, where nobody else can, with the processes of its run: under every shell. */
import { describe, expect } from 'bun:test'
import { existsSync } from 'node:fs'
import { newMark } from '../../../../contract/contract.ts'
import { ZOO } from '../../../../contract/zoo.ts'
import { findByArgument } from '../../../../support/processes.ts'
import { until } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'
import { SHELLS } from '../../../shells.ts'
import { useRuns } from './wrapper-run.ts'

const runs = useRuns(useFolder())
const FAR = { runsHere: false }

for (const { name: shell, argv, isThere } of SHELLS) {
  const under = needs(shell, isThere)

  describe(`under ${shell}`, () => {
    for (const [animal, { command, count }] of Object.entries(ZOO))
      under(`SIGALRM leaves nothing of a run that ${animal}`, async () => {
        const mark = newMark()
        const run = await runs.prepare({ command: command(mark) }, FAR)
        run.start(argv)
        await until(() => findByArgument(mark).length >= count)
        await run.signal('SIGALRM')
        await run.untilJournal(journal => journal.ended)
        expect(findByArgument(mark)).toEqual([])
      })

    under('SIGTTIN ends what left the group, and nothing else', async () => {
      const [inside, outside] = [newMark(), newMark()]
      const command = `setsid sleep ${outside} & exec sleep ${inside}`
      const run = await runs.prepare({ command }, FAR)
      run.start(argv)
      await until(() => findByArgument(inside).length + findByArgument(outside).length === 2)
      await run.signal('SIGTTIN')
      await until(() => findByArgument(outside).length === 0)
      expect(findByArgument(inside)).toHaveLength(1)
      expect(run.journal.exited).toBeUndefined()
      await run.signal('SIGALRM')
      expect((await run.untilJournal(journal => journal.ended)).exited?.code).toBe(137)
    })

    under('the run lasts until what left the session has ended, too', async () => {
      const mark = newMark()
      const run = await runs.prepare({ command: `setsid -f sleep ${mark} >/dev/null 2>&1; exit 3` }, FAR)
      run.start(argv)
      await run.untilJournal(journal => journal.stayed)
      expect(findByArgument(mark)).toHaveLength(1)
      await run.signal('SIGTTIN')
      const journal = await run.untilJournal(journal => journal.ended)
      expect([journal.exited?.code, findByArgument(mark)]).toEqual([3, []])
    })

    under('a name that tells lies about other processes harms none', async () => {
      const [own, other] = [newMark(), newMark()]
      const stranger = Bun.spawn(['sleep', other])
      const lie = `x) S 1 1 1\n${stranger.pid} (y) S $$ $$ $$ `
      const command = `printf %s '${lie.replaceAll('$$', '1')}' >/proc/self/comm; sleep ${own} & wait`
      const run = await runs.prepare({ command, shell: ['bash', '-c'] }, FAR)
      run.start(argv)
      await until(() => findByArgument(own).length === 1)
      await run.signal('SIGALRM')
      await run.untilJournal(journal => journal.ended)
      expect([findByArgument(own).length, findByArgument(other).length]).toEqual([0, 1])
      stranger.kill()
      await stranger.exited
    })

    under('a further attempt goes on in the same run, and keeps the journal of the one before', async () => {
      const start = { ...FAR, restartCount: 'RESTARTS' }
      const run = await runs.prepare({ command: 'echo "again"; exit 4' }, start)
      const environment = (restarts: string) => ({ PATH: process.env.PATH, PWD: '/', RESTARTS: restarts })
      expect(await run.start(argv, environment('0')).end()).toBe(4)
      expect(await run.start(argv, environment('0')).end()).toBe(75)
      expect(await run.start(argv, environment('1')).end()).toBe(4)
      expect(await run.start(argv, environment('1')).end()).toBe(75)
      expect(run.read('stdout')).toBe('again\nagain\n')
      expect(existsSync(run.file('journal.1'))).toBe(true)
      expect(run.journal.ended).toBeDefined()
    })

    under('what was given up is not run by a further attempt', async () => {
      const run = await runs.prepare({ command: 'echo ran' }, { ...FAR, restartCount: 'RESTARTS' })
      await Bun.write(run.file('journal'), 'void at=1 reason=stop came before its start\n')
      const environment = { PATH: process.env.PATH, PWD: '/', RESTARTS: '2' }
      expect(await run.start(argv, environment).end()).toBe(75)
      expect(run.read('stdout')).toBe('')
    })

    under('lines of setup run first, in the session of the command', async () => {
      const setup = ['SET=up', 'export SET', 'cd /usr']
      const run = await runs.prepare({ command: 'echo "$SET $PWD"; ps -o sid= -p $$ | tr -d " "' }, { setup })
      expect(await run.start(argv).end()).toBe(0)
      expect(run.read('stdout')).toBe(`up /usr\n${run.journal.spawned?.command.pid}\n`)
    })
  })
}
