/** Where a descriptor lies, and what paths in it mean. */
import { isAbsolute, join } from 'node:path'

/** Where a descriptor lies and whose it is. */
export interface DescriptorPlace {
  /** The absolute path of the descriptor's folder. */
  readonly folder: string
  readonly home: string
}

/** A path of a descriptor: relative ones count from its folder, `~` is the user's home. */
export function resolvePath(path: string, place: DescriptorPlace): string {
  if (path === '~' || path.startsWith('~/')) return join(place.home, path.slice(1))
  return isAbsolute(path) ? join(path) : join(place.folder, path)
}
