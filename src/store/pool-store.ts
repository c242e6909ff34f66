/**
 * The pool's directory: which manageables are loaded, and their records. Writes `<id>/` whole by rename, so that a
 * manageable is loaded or not, never half; and takes it away the same way.
 */
import { chmodSync, lstatSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { errnoOf, SpmiError } from '../errors.ts'
import { DamagedFile } from './damage.ts'
import { createFile, ensureDirectory, listDirectory, readSmallFile, replaceFile } from './files.ts'
import {
  hideDirectory,
  makeHiddenDirectory,
  publishDirectory,
  removeAtOnce,
  removeDirectory,
  sweepTemporaries,
} from './hidden.ts'
import { FORMAT, manageableFiles, poolFiles } from './layout.ts'
import { describeLoad, type LoadNote, readLoadNote } from './load-note.ts'
import { checkAccess, checkFormat } from './pool-access.ts'
import { markReplaced } from './record-marks.ts'
import { placesOf, replaceRecord } from './replacement.ts'
import { sync, syncFolders } from './sync.ts'

/** The formats of a descriptor, which are also the endings of its file name in the pool. */
export const DESCRIPTOR_FORMATS = ['toml', 'yaml', 'json'] as const
export type DescriptorFormat = (typeof DESCRIPTOR_FORMATS)[number]

/** What `load` stores of a descriptor. */
export interface LoadContent {
  readonly id: string
  readonly format: DescriptorFormat
  /** The user's bytes. */
  readonly source: Uint8Array
  /** The folder from which relative paths in it count. */
  readonly folder: string
  /** The checked and normalised descriptor, as JSON text. */
  readonly record: string
}

/** A directory in $SPMI_PATH that holds manageables. */
export class PoolStore {
  readonly path: string
  /** Whether its path is text: of bytes that are not UTF-8 the calls of the runtimes make another name. */
  readonly #isText: boolean
  #isPrepared = false
  #damage: DamagedFile | undefined

  private constructor(path: string, isText: boolean) {
    this.path = path
    this.#isText = isText
  }

  /**
   * Opens a pool without making it: one that does not exist is empty.
   * @param cwd the directory from which a relative path counts
   * @throws SpmiError `pool` when somebody else could read or write it, or a newer SPMI made it
   */
  static open(path: string, cwd: string): PoolStore {
    const store = PoolStore.at(path, cwd)
    store.check()
    return store
  }

  /** The pool at a path, which has not been looked at yet. */
  static at(path: string, cwd: string): PoolStore {
    return new PoolStore(resolve(cwd, path), path.isWellFormed())
  }

  /** The names in the pool that may be manageables, in no order. */
  listIds(): string[] {
    return (listDirectory(this.path) ?? []).filter(name => !name.startsWith('.'))
  }

  /** The directory of a manageable; it need not exist. */
  directoryOf(id: string): string {
    return `${this.path}/${id}`
  }

  /** The text of a manageable's record; undefined when nothing of the kind is loaded. */
  readRecord(id: string): string | undefined {
    return readSmallFile(manageableFiles.record(this.directoryOf(id)))
  }

  /** What is said of a record that is damaged. */
  damagedRecord(id: string, what: string): DamagedFile {
    return new DamagedFile(manageableFiles.record(this.directoryOf(id)), what)
  }

  /** When a manageable was loaded, or undefined when that is not known. @throws SpmiError `damaged` */
  readLoadTime(id: string): Date | undefined {
    return this.#readLoaded(id)?.time
  }

  /** The folder from which relative paths of a manageable's descriptor count, or undefined when that is not known. @throws as above */
  readFolder(id: string): string | undefined {
    return this.#readLoaded(id)?.folder
  }

  #readLoaded(id: string): LoadNote | undefined {
    const notes = placesOf(this.directoryOf(id)).map(place => readLoadNote(manageableFiles.loaded(place)))
    return notes.find(found => found !== undefined)
  }

  /** The text of a manageable's descriptor, as the user wrote it; undefined when there is none. */
  readDescriptor(
    id: string,
  ): { readonly path: string; readonly format: DescriptorFormat; readonly text: string } | undefined {
    for (const place of placesOf(this.directoryOf(id)))
      for (const format of DESCRIPTOR_FORMATS) {
        const path = manageableFiles.descriptor(place, format)
        const text = readSmallFile(path)
        if (text !== undefined) return { path, format, text }
      }
    return undefined
  }

  /** Whether something bears this name in the pool. */
  has(id: string): boolean {
    return lstatSync(this.directoryOf(id), { throwIfNoEntry: false }) !== undefined
  }

  /**
   * Loads some manageables: all of them or none.
   * @throws SpmiError `exists` when one of the names is taken; system errors as they are
   */
  async add(contents: readonly LoadContent[]): Promise<void> {
    await this.#prepare()
    const added: string[] = []
    const hidden: string[] = []
    try {
      for (const content of contents) hidden.push(this.#writeHidden(content))
      await syncFolders(hidden)
      for (const [index, { id }] of contents.entries()) {
        if (!publishDirectory(hidden[index] ?? '', this.directoryOf(id))) throw alreadyLoaded(id)
        added.push(id)
      }
      await this.sync()
    } catch (error) {
      for (const id of added) this.#removeUnstarted(id)
      for (const path of hidden) removeDirectory(path)
      throw error
    }
  }

  /** Replaces the descriptor of a loaded manageable and keeps its runs. */
  async replace(content: LoadContent): Promise<void> {
    const replaced = { ...content, record: markReplaced(content.record) }
    await replaceRecord(this.directoryOf(content.id), hidden => writeContent(hidden, replaced))
  }

  /**
   * Takes a manageable out of the pool.
   * @param mayGo looks at its directory, which nobody reaches by then, and says whether it may go; else it is put back
   * @returns its hidden directory, to be removed with its runs and their output after `sync`; undefined when it was put back
   */
  hide(id: string, mayGo?: (directory: string) => boolean): string | undefined {
    return hideDirectory(this.directoryOf(id), mayGo)
  }

  /** Puts a manageable back that was taken out, unless there is another one of its id by now. */
  giveBack(id: string, hidden: string): void {
    publishDirectory(hidden, this.directoryOf(id))
  }

  /** Puts on the disk what is in the pool, and what no longer is. */
  async sync(): Promise<void> {
    await sync([this.path])
  }

  /** Takes back what this command has just added, unless somebody has started it meanwhile. */
  #removeUnstarted(id: string): void {
    const isUnstarted = (directory: string) => listDirectory(manageableFiles.runs(directory)) === undefined
    if (isUnstarted(this.directoryOf(id))) removeAtOnce(this.directoryOf(id), isUnstarted)
  }

  #writeHidden(content: LoadContent): string {
    const hidden = makeHiddenDirectory(this.path, 'new')
    try {
      writeContent(hidden, content)
    } catch (error) {
      removeDirectory(hidden)
      throw error
    }
    return hidden
  }

  /** Makes the pool's directory and its own folder where they are missing, and sweeps what crashes left. */
  async #prepare(): Promise<void> {
    if (this.#isPrepared) return
    let isNew: boolean
    try {
      isNew = ensureDirectory(this.path)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT')
        throw new SpmiError(
          'pool',
          `the pool "${this.path}" cannot be made: its parent folder does not exist`,
        )
      throw error
    }
    this.check()
    chmodSync(this.path, 0o700) // a fresh directory (mkdir, umask 022) becomes private with its first content
    const files = poolFiles(this.path)
    for (const folder of [files.own, files.plugins]) {
      ensureDirectory(folder)
      listDirectory(folder) // it may be something else
    }
    if (this.#damage !== undefined) throw this.#damage // a newer SPMI may have made the pool
    if (readSmallFile(files.format) === undefined) {
      sweepTemporaries(files.own, listDirectory(files.own) ?? [])
      await replaceFile(files.format, `${FORMAT}\n`)
      await sync([files.own])
    }
    if (isNew) await sync([dirname(this.path)])
    sweepTemporaries(this.path, listDirectory(this.path) ?? [])
    this.#isPrepared = true
  }

  /** @throws SpmiError `pool` when it cannot be named, somebody else could read or write it, or a newer SPMI made it */
  check(): void {
    if (!this.#isText)
      throw new SpmiError('pool', `the pool "${this.path}" has a name that is not valid UTF-8`, {
        hint: 'set $SPMI_PATH to another folder',
      })
    if (!checkAccess(this.path)) return
    try {
      checkFormat(this.path)
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      this.#damage = error.withHint('move it away, and the next load writes it anew')
    }
  }

  /** What is wrong with the pool's own files, as far as they were read: what is loaded does not rest on them. */
  get damage(): SpmiError | undefined {
    return this.#damage
  }
}

/** The refusal of a second manageable with the same id. */
export function alreadyLoaded(id: string): SpmiError {
  return new SpmiError('exists', `manageable "${id}" is already loaded`, {
    hint: `"spmi reload" replaces its descriptor, "spmi clean ${id}" removes it`,
    id,
  })
}

function writeContent(directory: string, { format, source, record, folder }: LoadContent): void {
  createFile(manageableFiles.descriptor(directory, format), source)
  createFile(manageableFiles.record(directory), record)
  createFile(manageableFiles.loaded(directory), describeLoad(folder))
}
