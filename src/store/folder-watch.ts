/**
 * Tells when something in a directory changes: a file in it grows, comes, goes or is renamed. That is a hint, and nothing correct
 * may rest on it: a kernel knows nothing of what other hosts write into a shared directory, and may have no watch left for
 * us (inotify(7)). So whoever waits for one also looks from time to time.
 */
import { type FSWatcher, watch } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** Watches one directory at a time. */
export class FolderWatch {
  readonly #onChange: () => void
  #watched: { readonly path: string; readonly watcher: FSWatcher } | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Goes on with a directory, if it is there. */
  watch(path: string): void {
    if (path === this.#watched?.path) return
    this.close()
    try {
      const watcher = watch(path, this.#onChange)
      watcher.on('error', () => this.close())
      this.#watched = { path, watcher }
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
    }
  }

  close(): void {
    this.#watched?.watcher.close()
    this.#watched = undefined
  }
}
