/**
 * Damaged files: what is said of one, and what one may keep from being done, which is what rests on it and nothing else. Whoever
 * reads the files of a manageable reads them through its `Damage`: a damaged one counts as absent, stays as it is, and is named.
 */
import { lstatSync, type Stats } from 'node:fs'
import { errnoOf, SpmiError } from '../errors.ts'

/** What is not the file's fault, and may go well the next time. */
const PASSING: readonly string[] = ['EMFILE', 'ENFILE', 'ENOMEM']

/** What mends all that `load` has written. */
export const RELOAD_MENDS = '"spmi reload" with its descriptor mends it'

/** What mends what nothing else does. */
export const MOVE_AWAY = 'move it away'

/** A file that does not say what it is to say. */
export class DamagedFile extends SpmiError {
  readonly #path: string
  readonly #what: string

  /** @param what the end of a sentence: `it is empty` */
  constructor(path: string, what: string, hint?: string) {
    super('damaged', `"${path}" is damaged: ${what}`, { hint })
    this.#path = path
    this.#what = what
  }

  /** The same, with another thing to do. */
  withHint(hint: string): DamagedFile {
    return new DamagedFile(this.#path, this.#what, hint)
  }

  /** The same, said of the manageable that has the file. @param mends what to do */
  of(id: string, mends?: string): SpmiError {
    const hint =
      this.hint === undefined || mends === undefined ? (this.hint ?? mends) : `${this.hint}; then ${mends}`
    return new SpmiError('damaged', `manageable "${id}" is damaged: "${this.#path}": ${this.#what}`, {
      hint,
      id,
      cause: this,
    })
  }
}

/** What a read that the system refused says of the file. @throws the error itself where it says nothing of it */
export function asDamaged(path: string, error: unknown): DamagedFile {
  const errno = errnoOf(error)
  if (errno === undefined || !/^E[A-Z0-9]+$/.test(errno) || PASSING.includes(errno)) throw error
  const stats = look(path)
  if (stats?.isSymbolicLink()) return new DamagedFile(path, 'it is a symbolic link')
  if (errno === 'EACCES')
    return new DamagedFile(path, 'it cannot be read (EACCES)', 'chmod u+rwX lets it be read')
  if (stats !== undefined && !stats.isFile()) return notAFile(path, stats)
  return new DamagedFile(path, `it cannot be read (${errno})`)
}

/** What is said of a directory, a FIFO, a device or a socket in the place of a file. */
function notAFile(path: string, stats: Stats): DamagedFile {
  if (stats.isDirectory()) return new DamagedFile(path, 'it is a directory', MOVE_AWAY)
  return new DamagedFile(path, 'it is not a regular file')
}

/** @throws SpmiError `damaged` for what is no file */
export function mustBeFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw notAFile(path, stats)
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // something above it is what is damaged
  }
}

/** The damaged files of one manageable that were met so far. */
export class Damage {
  readonly #id: string
  readonly #found = new Map<string, SpmiError>()

  constructor(id: string) {
    this.#id = id
  }

  /** One error for each file. */
  get found(): readonly SpmiError[] {
    return [...this.#found.values()]
  }

  /**
   * Reads something that rests on files which may be damaged.
   * @param mends what to do then
   * @returns undefined when they are, which is noted
   */
  read<T>(read: () => T, mends?: string): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      this.note(error, mends)
      return undefined
    }
  }

  /** Throws the first one, for those who can do nothing without the file. */
  raise(): void {
    for (const error of this.#found.values()) throw error
  }

  /** Notes a damage that was met in another way. */
  note(file: DamagedFile, mends?: string): void {
    this.#found.set(file.reason, file.of(this.#id, mends))
  }
}
