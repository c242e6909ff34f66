/**
 * Tells when the journal of a manageable's last run is written to. It is a hint, and nothing correct may rest on it: a kernel
 * knows nothing of what other hosts write into a shared directory, and may have no watch left for us (inotify(7)).
 */
import { type FSWatcher, watch } from 'node:fs'
import { errnoOf } from '../errors.ts'
import { Damage } from './damage.ts'
import { runFiles } from './layout.ts'
import { findLastRun } from './run-store.ts'

/** Watches one journal at a time: that of the last run. */
export class JournalWatch {
  readonly #directory: string
  readonly #onChange: () => void
  readonly #damage = new Damage('') // who looks at the status names it
  #watched: { readonly path: string; readonly watcher: FSWatcher } | undefined

  /** @param directory that of the manageable */
  constructor(directory: string, onChange: () => void) {
    this.#directory = directory
    this.#onChange = onChange
  }

  /** Goes on with the journal of a newer run, or with one that was not there yet. */
  refresh(): void {
    const run = this.#damage.read(() => findLastRun(this.#directory))
    const path = run && runFiles.journal(run.directory)
    if (path === this.#watched?.path) return
    this.close()
    if (path !== undefined) this.#open(path)
  }

  close(): void {
    this.#watched?.watcher.close()
    this.#watched = undefined
  }

  #open(path: string): void {
    try {
      const watcher = watch(path, event => {
        if (event === 'rename') this.close() // put aside, or removed: another one may take its place
        this.#onChange()
      })
      watcher.on('error', () => this.close())
      this.#watched = { path, watcher }
    } catch (error) {
      if (errnoOf(error) === undefined) throw error // else it is not there yet, or there is no watch left
    }
  }
}
