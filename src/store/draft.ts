/** A draft of a descriptor while it is edited: a file in a hidden folder of the pool, which is swept when we die before removing it. */
import { join } from 'node:path'
import { createFile, readSmallFile } from './files.ts'
import { makeHiddenDirectory, removeDirectory } from './hidden.ts'

/** One that nobody else can read. */
export class Draft {
  readonly #folder: string
  readonly path: string

  /** @param pool the pool's directory */
  constructor(pool: string, name: string, text: string) {
    this.#folder = makeHiddenDirectory(pool, 'new')
    this.path = join(this.#folder, name)
    createFile(this.path, text)
  }

  /** Its text as it is now; undefined when it was removed. */
  read(): string | undefined {
    return readSmallFile(this.path, { links: 'follow' })
  }

  /** Removes it, with what an editor has left beside it. */
  remove(): void {
    removeDirectory(this.#folder)
  }
}
