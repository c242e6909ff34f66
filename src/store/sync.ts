/**
 * Puts on the disk what was written, so that a cut of power does not take it back. The rule: whatever SPMI says is done, and whatever
 * it does that cannot be undone (a command is launched, files are removed), what that rests on is on the disk before. So a file is
 * synced before it gets its name, and the directory of the name before anybody is told. What rests on nothing is not synced: notes
 * that only explain (asked.*, submitted), and FIFOs.
 */
import { closeSync, constants, fsync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** How many are under way at once: a file system takes many in hardly more time than one, but each keeps a file open. */
const LANES = 32

/**
 * Where nothing is waited for, as in memory, each is synced in a few microseconds, and to do many side by side takes longer. Whether
 * it is so is seen by the milliseconds that all took so far: not more than so many each, and a hiccup.
 */
const AT_ONCE = 0.05
const HICCUP = 1
let [count, spent] = [0, 0]

/**
 * Puts files and directories on the disk: of a file its content, of a directory the names in it.
 * @throws what the system says; something may be on the disk then
 */
export async function sync(paths: readonly string[]): Promise<void> {
  const slow: string[] = []
  for (const path of paths) {
    if (spent > HICCUP + count * AT_ONCE) {
      slow.push(path)
      continue
    }
    const begin = performance.now()
    syncNow([path])
    count++
    spent += performance.now() - begin
  }
  await Promise.all(slow.map(path => inLane(() => syncOne(path))))
}

/** The same for directories and the files in them. */
export async function syncFolders(paths: readonly string[]): Promise<void> {
  await sync(paths.flatMap(path => [...readdirSync(path).map(name => `${path}/${name}`), path]))
}

let busy = 0
const waiting: (() => void)[] = []

async function inLane(act: () => Promise<void>): Promise<void> {
  if (busy < LANES) busy++
  else await new Promise<void>(enter => waiting.push(enter))
  try {
    await act()
  } finally {
    const enter = waiting.shift() // gets our lane
    if (enter) enter()
    else busy--
  }
}

async function syncOne(path: string): Promise<void> {
  const fd = openSync(path, READ)
  try {
    await new Promise<void>((done, fail) => fsync(fd, error => (error ? fail(error) : done())))
  } catch (error) {
    refuseUnlessInvalid(error)
  } finally {
    closeSync(fd)
  }
}

/** The same for a few, where nobody can wait. */
export function syncNow(paths: readonly string[]): void {
  for (const path of paths) {
    const fd = openSync(path, READ)
    try {
      fsyncSync(fd)
    } catch (error) {
      refuseUnlessInvalid(error)
    } finally {
      closeSync(fd)
    }
  }
}

/** Some file systems cannot do it for directories, and none for FIFOs. */
function refuseUnlessInvalid(error: unknown): void {
  if (errnoOf(error) !== 'EINVAL') throw error
}
