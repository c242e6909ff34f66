import { beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { runFiles } from '../../../src/store/layout.ts'
import { prepareRun, publishRun } from '../../../src/store/next-run.ts'
import { removeOldRuns } from '../../../src/store/old-runs.ts'
import { readJournal, runAfter } from '../../../src/store/run-store.ts'
import { thisProcess } from '../../../src/system/process.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
beforeEach(() => {
  folder.write('manageable.json', '{}\n')
})

const seen = (number: number) =>
  number === 0 ? undefined : { number, journal: readJournal(runAfter(folder.path, number - 1)) }
const prepare = (after: number) =>
  prepareRun(folder.path, seen(after), {
    script: 'true\n',
    environment: '',
    starter: { name: `run-${after + 1}`, at: Date.now(), by: thisProcess() },
  })
function makeRuns(count: number): void {
  for (let after = 0; after < count; after++) publishRun(prepare(after))
}
const names = () => readdirSync(folder.join('runs')).sort()

describe('removeOldRuns', () => {
  test('removes all but the last ones, the oldest first, by number and not by name', async () => {
    makeRuns(11)
    expect(await removeOldRuns(folder.path, 3)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(names()).toEqual(['10', '11', '9'])
    expect(await removeOldRuns(folder.path, 3)).toEqual([])
  })

  test('never removes the last one', async () => {
    makeRuns(2)
    expect(await removeOldRuns(folder.path, 0)).toEqual([1])
    expect(names()).toEqual(['2'])
  })

  test('leaves a run whose wrapper lives', async () => {
    makeRuns(3)
    const { host, boot, pid, start } = thisProcess()
    const claim = `claimed at=1 host=${host} boot=${boot} pid=${pid} up=${start} parent=1 name=run-1\n`
    writeFileSync(runFiles.journal(folder.join('runs/1')), claim)
    expect(await removeOldRuns(folder.path, 1)).toEqual([2])
    expect(names()).toEqual(['1', '3'])
  })

  test('leaves a run that has come under an old number, whose wrapper is yet to come', async () => {
    makeRuns(3)
    rmSync(runFiles.journal(folder.join('runs/1')))
    expect(await removeOldRuns(folder.path, 1)).toEqual([2])
  })

  test('removes what a prune that crashed had begun to remove', async () => {
    makeRuns(2)
    const { boot, host } = thisProcess()
    mkdirSync(folder.join(`runs/.gone-1-1-${boot.slice(0, 8)}-1-${host}`))
    expect(await removeOldRuns(folder.path, 1)).toEqual([1])
    expect(names()).toEqual(['2'])
  })

  test('finds nothing where nothing was started', async () => {
    expect(await removeOldRuns(folder.path, 1)).toEqual([])
  })
})

test('a start that saw an older state comes late also when the run of its number has been removed', async () => {
  makeRuns(1)
  const late = prepare(1)
  publishRun(prepare(1))
  publishRun(prepare(2))
  expect(await removeOldRuns(folder.path, 1)).toEqual([1, 2])
  expect(publishRun(late)).toBe(false)
  expect(names()).toEqual(['3'])
})
