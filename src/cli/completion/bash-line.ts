/**
 * The command line as bash gives it to completion, which is as it was typed, and words as bash wants them back: quoted the way
 * the user has begun, and without what stands before the last of $COMP_WORDBREAKS, because bash replaces only what follows it.
 * Source: bash(1), "Programmable Completion" and COMP_WORDBREAKS; readline's find of the word to complete.
 */
import type { Line } from './candidates.ts'

/** A line, and how its last word was typed. */
export interface BashLine extends Line {
  /** The quote that is open at the end; empty for none. */
  readonly quote: string
  /** The beginning of the current word that bash leaves as it is. */
  readonly kept: string
}

/** Takes a line apart. @param text up to the cursor, with the name of the program */
export function readBashLine(text: string, wordBreaks: string): BashLine {
  const words: string[] = []
  let word = ''
  let isWord = false
  let quote = ''
  let kept = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    const isEscape =
      character === '\\' && quote !== "'" && (quote === '' || /[$`"\\]/.test(text[at + 1] ?? ''))
    if (isEscape) {
      word += text[++at] ?? ''
      isWord = true
    } else if (character === quote) quote = ''
    else if (quote === '' && /['"]/.test(character)) {
      quote = character
      kept = word
      isWord = true
    } else if (quote === '' && /\s/.test(character)) {
      if (isWord) words.push(word)
      word = ''
      kept = ''
      isWord = false
    } else {
      word += character
      isWord = true
      if (quote === '' && wordBreaks.includes(character)) kept = word
    }
  }
  return { before: words.slice(1), current: word, quote, kept }
}

/** A word as bash inserts it; undefined for one that does not continue the line. */
export function writeBashWord(word: string, { current, quote, kept }: BashLine): string | undefined {
  if (!word.startsWith(current)) return undefined
  const rest = word.slice(kept.length)
  if (quote === "'") return rest.replaceAll("'", "'\\''")
  if (quote === '"') return rest.includes('!') ? undefined : rest.replaceAll(/[$`"\\]/g, '\\$&') // history knows no quotes
  return rest.replaceAll(/[^\w%+,./:=@^\u0080-\uffff-]/g, '\\$&')
}
