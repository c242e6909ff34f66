import { beforeEach, expect, test } from 'bun:test'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { JournalWatch } from '../../../src/store/journal-watch.ts'
import { until } from '../../support/spmi.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

beforeEach(() => {
  mkdirSync(folder.join('runs/1'), { recursive: true })
})

/** Writes into a journal as its wrapper does: in place. */
function writeInPlace(run: number): void {
  const fd = openSync(folder.join('runs', String(run), 'journal'), 'r+')
  writeSync(fd, 'x')
  closeSync(fd)
}

/** A watch, and how often it has called back. */
function watch() {
  const seen = { count: 0, watch: new JournalWatch(folder.path, () => seen.count++) }
  seen.watch.refresh()
  return seen
}

test('what a wrapper writes in place is told', async () => {
  writeFileSync(folder.join('runs/1/journal'), ' '.repeat(100))
  const seen = watch()
  for (let round = 1; round <= 3; round++) {
    writeInPlace(1)
    await until(() => seen.count >= round)
  }
  seen.watch.close()
})

test('a journal that comes later, that of a newer run, and one in the place of another are watched from the next refresh on', async () => {
  const seen = watch()
  const expectNews = async (run: number) => {
    seen.watch.refresh()
    const { count } = seen
    writeInPlace(run)
    await until(() => seen.count > count)
  }
  writeFileSync(folder.join('runs/1/journal'), ' ')
  await expectNews(1)
  mkdirSync(folder.join('runs/2'))
  writeFileSync(folder.join('runs/2/journal'), ' ')
  await expectNews(2)
  const { count } = seen
  renameSync(folder.join('runs/2/journal'), folder.join('runs/2/journal.1'))
  writeFileSync(folder.join('runs/2/journal'), ' ')
  await until(() => seen.count > count) // it was told that its file has gone
  await expectNews(2)
  seen.watch.close()
})

test('without runs, and when all is gone, there is nothing to watch and no failure', async () => {
  const seen = watch()
  rmSync(folder.join('runs'), { recursive: true })
  seen.watch.refresh()
  seen.watch.close()
  seen.watch.close()
  expect(seen.count).toBe(0)
})
