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

const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * A line that no terminal takes for a command: escape sequences are removed, other control characters are shown as
 * ^X, M-^X or a code point. Of what was overwritten by carriage returns, the last state is left.
 */
export function makeHarmless(line: string): string {
  if (line.search(CONTROLS) === -1) return line
  const lastState = line.replace(/\r+$/, '').split('\r').at(-1) ?? ''
  return stripAnsi(lastState).replaceAll(CONTROLS, showControl)
}

/** A text on one line, harmless for a terminal: its line breaks are shown as \n. */
export function makeOneLine(text: string): string {
  if (text.search(CONTROLS) === -1) return text
  return text.trimEnd().split('\n').map(makeHarmless).join('\\n')
}

function showControl(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 32) return `^${String.fromCharCode(code + 64)}`
  if (code === 127) return '^?'
  if (code < 160) return `M-^${String.fromCharCode(code - 64)}`
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
