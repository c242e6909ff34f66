/**
 * The pool, examined for `doctor`: whether it may be used, and whether its file system can do what SPMI rests on. Where
 * there is a pool, a hidden folder is made in it, and removed; if we are killed meanwhile, the next load sweeps it.
 */
import { closeSync, constants, openSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf } from '../errors.ts'
import { type Environment, exec, explainFailure } from '../system/exec.ts'
import { ANSWER_TIMEOUT, type Finding, findingOf, ok, problem, warning } from '../system/finding.ts'
import { lookAtFolder } from '../system/folder.ts'
import { fileSystemOf } from '../system/mounts.ts'
import { createFile } from './files.ts'
import { makeHiddenDirectory, publishDirectory, removeDirectory } from './hidden.ts'
import { FORMAT } from './layout.ts'
import type { PoolStore } from './pool-store.ts'

/** Bytes and files that must be free: below the first nothing can be started, below the second soon not. */
const ROOM = { bytes: [1 << 20, 64 << 20], files: [20, 1000] } as const

/** Milliseconds by which clocks may differ: coarse time stamps of some file systems are no fault. */
const CLOCK_TOLERANCE = 5000

/** Whether the pool may be used. What is not ok here must not be read any further. */
export async function examineAccess(store: PoolStore, environment: Environment): Promise<Finding> {
  // The file system of a server that is gone keeps whoever asks it waiting: so it is not we who ask first.
  const argv = ['/bin/sh', '-c', 'test -e "$1"', 'spmi', store.path]
  const { timedOut } = await exec(argv, { environment, timeout: ANSWER_TIMEOUT })
  if (timedOut) return problem('folder', `its file system does not answer within ${ANSWER_TIMEOUT / 1000} s`)
  try {
    store.check()
    if (!statSync(store.path, { throwIfNoEntry: false })) return examineParent(store.path)
    if (store.damage) return findingOf('folder', store.damage)
    return ok('folder', `yours alone, format ${FORMAT}`)
  } catch (error) {
    return { mend: 'set $SPMI_PATH to a folder of yours', ...findingOf('folder', error) }
  }
}

function examineParent(path: string): Finding {
  const parent = dirname(path)
  const folder = lookAtFolder(parent)
  if (folder === undefined)
    return problem('folder', `cannot be made: "${parent}" does not exist`, `mkdir -p "${parent}"`)
  if (!folder.isWritable)
    return problem('folder', `cannot be made: "${parent}" is not yours to write to`, 'set $SPMI_PATH')
  return ok('folder', 'does not exist yet; the first load makes it')
}

/** What the file system of the pool can do; that of its parent, if there is no pool yet. */
export async function examineFileSystem({ path }: PoolStore): Promise<Finding[]> {
  const folder = existing(path)
  const isThere = folder === path
  const changed = statSync(folder).mtimeMs // before our own folder changes it
  const { findings, stamp } = isThere ? await probeFiles(path) : { findings: [] }
  return [nameFileSystem(folder), ...findings, examineRoom(folder), judgeClock(Date.now(), changed, stamp)]
}

/** Whether other hosts may see the pool. */
export function isPoolShared({ path }: PoolStore): boolean {
  return fileSystemOf(existing(path))?.isShared ?? false
}

/** The pool, or its parent where there is no pool yet. */
function existing(path: string): string {
  return lookAtFolder(path) === undefined ? dirname(path) : path
}

function nameFileSystem(folder: string): Finding {
  const found = fileSystemOf(folder)
  if (found === undefined) return warning('file system', 'unknown: it is not in /proc/self/mountinfo')
  const name = `${found.type} (${found.source})`
  if (found.isVolatile)
    return warning('file system', `${name}, in memory: a reboot empties the pool`, 'set $SPMI_PATH to a disk')
  return ok('file system', found.isShared ? `${name}, which other hosts may share` : name)
}

/** When a file was made: by our clock before and after, and by its time stamp. Milliseconds since the epoch. */
export interface Stamp {
  readonly before: number
  readonly made: number
  readonly after: number
}

/** Does what loading and starting rest on: files made once, renames that do not replace, modes. */
async function probeFiles(
  pool: string,
): Promise<{ readonly findings: readonly Finding[]; readonly stamp?: Stamp }> {
  try {
    return await withProbe(pool, folder => {
      const file = join(folder, 'file')
      const before = Date.now()
      createFile(file, ' '.repeat(4096))
      const stamp = { before, made: statSync(file).mtimeMs, after: Date.now() }
      const refusals = [refuseTwins(file), refuseReplacing(folder), refuseModes(folder, file)]
      const findings = refusals.filter(reason => reason !== undefined).map(reason => problem('files', reason))
      const sound = ok('files', 'are made once, renamed as a whole, and kept from others')
      return { findings: findings.length > 0 ? findings : [sound], stamp }
    })
  } catch (error) {
    return { findings: [findingOf('files', error)] }
  }
}

/** Two wrappers must not both make a journal. */
function refuseTwins(file: string): string | undefined {
  try {
    createFile(file, '')
    return 'a file can be made twice (O_EXCL), so two starts could run one command'
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined
    throw error
  }
}

/** Two starters must not both get a run's number. */
function refuseReplacing(folder: string): string | undefined {
  const [first, second] = [makeHiddenDirectory(folder, 'new'), makeHiddenDirectory(folder, 'new')]
  for (const directory of [first, second]) createFile(join(directory, 'file'), '')
  const target = join(folder, 'target')
  const isRight = publishDirectory(first, target) && !publishDirectory(second, target)
  return isRight ? undefined : 'a folder takes the place of one that is not empty (rename)'
}

function refuseModes(folder: string, file: string): string | undefined {
  const isClosed = [folder, file].every(path => (statSync(path).mode & 0o077) === 0)
  return isClosed ? undefined : 'permissions are not kept (chmod), so others may read environments'
}

function examineRoom(folder: string): Finding {
  const { bavail, bsize, files, ffree } = statfsSync(folder)
  const bytes = bavail * bsize
  const isCounted = files > 0 // btrfs and others make inodes as they are wanted
  const what = `${formatBytes(bytes)} free${isCounted ? `, ${ffree} inodes` : ''}`
  const isBelow = (index: 0 | 1) => bytes < ROOM.bytes[index] || (isCounted && ffree < ROOM.files[index])
  if (isBelow(0)) return problem('room', what, 'remove files, or spmi clean what is not needed')
  return isBelow(1)
    ? warning('room', what, 'spmi clean removes manageables with their output')
    : ok('room', what)
}

/**
 * Judges the clock of this host.
 * @param now its time
 * @param changed when the pool was changed last
 * @param stamp the time stamp of a fresh file: that of the server, where the pool is on one
 */
export function judgeClock(now: number, changed: number, stamp?: Stamp): Finding {
  const mend = 'timedatectl set-ntp true'
  if (now < Date.UTC(2025, 0)) return problem('clock', `says ${new Date(now).toISOString()}`, mend)
  if (stamp !== undefined) {
    const skew = stamp.made < stamp.before ? stamp.made - stamp.before : Math.max(0, stamp.made - stamp.after)
    if (Math.abs(skew) > CLOCK_TOLERANCE)
      return warning('clock', `the pool's server is ${describeSkew(skew)} this host`, mend)
  }
  if (changed - now > CLOCK_TOLERANCE)
    return warning(
      'clock',
      `the pool was changed at a time that is ${describeSkew(changed - now)} this host`,
      mend,
    )
  return ok(
    'clock',
    stamp === undefined ? 'is right, as far as can be told' : "agrees with the pool's file system",
  )
}

function describeSkew(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000)
  return `${seconds} s ${milliseconds > 0 ? 'ahead of' : 'behind'}`
}

/** Makes a FIFO in the pool. @returns why none can be made, if so; undefined when nothing can be tried in it */
export async function probeFifo(
  { path }: PoolStore,
  environment: Environment,
): Promise<{ readonly refusal?: string } | undefined> {
  if (!lookAtFolder(path)?.isWritable) return undefined
  return withProbe(path, async folder => {
    const fifo = join(folder, 'fifo')
    const options = { environment, timeout: ANSWER_TIMEOUT }
    const result = await exec(['mkfifo', '-m', '600', fifo], options)
    if (result.status !== 0) return { refusal: explainFailure('mkfifo', result) }
    closeSync(openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK))
    return {}
  })
}

/** Gives a hidden folder in the pool, and takes it away again. */
async function withProbe<T>(pool: string, probe: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = makeHiddenDirectory(pool, 'new')
  try {
    return await probe(folder)
  } finally {
    removeDirectory(folder)
  }
}

function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
  const power = Math.min(units.length, Math.max(1, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`
}
