/** A temporary directory of its own for each test of a file, removed when the test ends, also when it fails. */
import { afterEach, beforeEach, setDefaultTimeout } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a test may write. */
export class Folder {
  path = ''

  /** The path of something in it. */
  join(...names: readonly string[]): string {
    return join(this.path, ...names)
  }

  /** Writes a file. @returns its path */
  write(name: string, content: string | Uint8Array, mode = 0o600): string {
    const path = this.join(name)
    writeFileSync(path, content, { mode })
    return path
  }
}

/** Gives each test of the calling file a directory. */
export function useFolder(): Folder {
  const folder = new Folder()
  setDefaultTimeout(20_000) // what waits for processes takes longer while others are busy
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'spmi-unit-'))
  })
  afterEach(() => {
    rmSync(folder.path, { recursive: true, force: true })
  })
  return folder
}
