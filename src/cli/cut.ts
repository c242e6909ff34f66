/** Text cut to the width of a terminal, and sizes. */
import stringWidth from 'string-width'

/** A text of at most so many columns; "…" stands for what was cut off. Nothing that is one character to people is torn apart. */
export function cutTo(text: string, columns: number): string {
  if (text.length <= columns && /^[\x20-\x7e]*$/.test(text)) return text
  let width = 0
  let whole = '' // what fits together with the mark
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    width += stringWidth(segment)
    if (width > columns) return `${whole}…`
    if (width < columns) whole = text.slice(0, index + segment.length)
  }
  return text
}

/** A size as people read it: `512B`, `12.3K`, `1.5G`; a unit is 1024 of the one before. @param bytes not negative */
export function formatSize(bytes: number): string {
  const units = ['B', 'K', 'M', 'G', 'T', 'P']
  let size = bytes
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)}${units[unit]}`
}
