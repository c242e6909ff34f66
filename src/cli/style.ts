/** Colour, and text from elsewhere made harmless for a terminal. */
import stripAnsi from 'strip-ansi'
import type { CliContext, Output } from './context.ts'

/** Paints text, or leaves it as it is. */
export type Paint = (text: string, colour: keyof typeof CODES) => string

/** Source: ECMA-48, 8.3.117 (select graphic rendition). */
const CODES = { bold: 1, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const

/** Colour only on a terminal and without NO_COLOR (https://no-color.org). */
export function paintFor(output: Output, { environment }: Pick<CliContext, 'environment'>): Paint {
  const isPlain = Boolean(environment.NO_COLOR) || environment.TERM === 'dumb' || !output.isTerminal
  return isPlain ? text => text : (text, colour) => `\x1b[${CODES[colour]}m${text}\x1b[0m`
}

const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * A line of output that no terminal takes for a command: escape sequences are removed, other control characters are spelled out. Of
 * what was overwritten by carriage returns, the last state is left.
 */
export function makeHarmless(line: string): string {
  if (line.search(CONTROLS) === -1) return line
  const end = endOf(line)
  return clear(line.slice(end === 0 ? 0 : line.lastIndexOf('\r', end - 1) + 1, end))
}

/** The states that a line of output had, one after the other, by its carriage returns; each harmless. */
export function statesOf(line: string): string[] {
  return line.slice(0, endOf(line)).split(/\r+/).map(clear)
}

/** Where a line ends without its last carriage returns. (As a regular expression this takes minutes for many of them.) */
function endOf(line: string): number {
  let end = line.length
  while (line[end - 1] === '\r') end--
  return end
}

function clear(state: string): string {
  return spellOut(stripAnsi(state))
}

/**
 * A line with its control characters as ^X, M-^X or a code point. Nothing is left out: a name or a command must not look like
 * another one.
 */
export function spellOut(line: string): string {
  return line.search(CONTROLS) === -1 ? line : line.replaceAll(CONTROLS, showControl)
}

/** A text on one line, spelled out: its line breaks are shown as \n. */
export function makeOneLine(text: string): string {
  if (text.search(CONTROLS) === -1) return text
  return spellOut(text.trimEnd().replaceAll(/\r?\n/g, '\\n'))
}

/** A text of several lines as it is, or for a terminal spelled out. */
export function textFor({ isTerminal }: Pick<Output, 'isTerminal'>, text: string): string {
  if (!isTerminal) return text
  return text
    .split('\n')
    .map(line => spellOut(line.replace(/\r$/, '')))
    .join('\n')
}

function showControl(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 32) return `^${String.fromCharCode(code + 64)}`
  if (code === 127) return '^?'
  if (code < 160) return `M-^${String.fromCharCode(code - 64)}`
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
