/** The pattern for one id. In a file of its own, because the engine of patterns takes a while to load. */

/** A pattern that matches this id and no other. Source: https://github.com/google/re2/wiki/Syntax */
export function escapePattern(id: string): string {
  return id.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}
