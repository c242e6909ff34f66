/**
 * What a program has done to its terminal, as far as another terminal must do the same to show it, and must undo it when
 * it is left: the modes of the program's screen, mouse and keyboard, and the last lines that were printed.
 *
 * Nothing is replayed that a terminal answers (the answer would be typed into the program), and of a program that draws on
 * the whole screen nothing is drawn: it does that itself as soon as it is told of a new size.
 * Source: ctlseqs.txt of xterm; for the keyboard also sw.kovidgoyal.net/kitty/keyboard-protocol.
 */

/** How much of the end of the output is looked at for its last lines, in bytes. */
const TAIL = 1 << 14

/** DEC private modes; keypad; keyboard of xterm and of kitty; resets. */
const SEQUENCES = /\x1b(?:\[\?([\d;]+)([hl])|([=>])|\[>([\d;]*)m|\[([<>=])([\d;]*)u|(c|\[!p))/g

/** A sequence whose end is still to come. */
const UNFINISHED = /\x1b(?:\[[<-?]?[\d;]*)?$/

/** Modes that are on in a fresh terminal: it wraps lines, and shows its cursor. */
const USUALLY_ON = new Set(['7', '25'])

/** Modes that show another screen than the one of the shell. */
const OTHER_SCREENS = ['47', '1047', '1049']

/** Modes that are an act, or last for a moment: the saved cursor, and output that is held back. */
const NOT_REPLAYED = new Set(['1048', '2026'])

/** Strings for the terminal itself (OSC, DCS, APC, PM, SOS), and what moves further than within some lines. */
const NOT_HARMLESS =
  /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b\[[<-?]?[\d;:]*[ -/]*(?![@A-DGKPXm])[@-~]|\x1b[ -/]*[0-OQ-WYZ\\`-~]/g

/** The state of a terminal, read off what is shown on it. */
export class TerminalState {
  readonly #modes = new Map<string, boolean>()
  #hasKeypad = false
  #keyboard = ''
  #pushed = 0
  #rest = ''
  #tail = ''

  /** Whether a program draws on a screen of its own. */
  get isOtherScreen(): boolean {
    return OTHER_SCREENS.some(mode => this.#modes.get(mode))
  }

  /** Takes note of output. */
  read(output: Uint8Array): void {
    const text = this.#rest + Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1')
    this.#tail = (this.#tail + text.slice(this.#rest.length)).slice(-TAIL)
    for (const match of text.matchAll(SEQUENCES)) this.#note(match)
    this.#rest = UNFINISHED.exec(text.slice(-32))?.[0] ?? ''
  }

  #note([, modes, onOff, keypad, keyboard, stack, , reset]: RegExpExecArray): void {
    if (modes !== undefined) for (const mode of modes.split(';')) this.#modes.set(mode, onOff === 'h')
    else if (keypad !== undefined) this.#hasKeypad = keypad === '='
    else if (keyboard !== undefined) this.#keyboard = keyboard
    else if (stack === '>') this.#pushed++
    else if (stack === '<') this.#pushed = Math.max(0, this.#pushed - 1)
    else if (reset === 'c') this.#forget()
  }

  #forget(): void {
    this.#modes.clear()
    this.#hasKeypad = false
    this.#keyboard = ''
    this.#pushed = 0
  }

  /** What brings a fresh terminal into this state. @param lines how many of the last lines it shows */
  enter(lines: number): Uint8Array {
    const modes = this.#changed()
      .filter(([mode]) => !NOT_REPLAYED.has(mode))
      .map(([mode, isOn]) => `\x1b[?${mode}${isOn ? 'h' : 'l'}`)
    const keypad = this.#hasKeypad ? '\x1b=' : ''
    const keyboard = this.#keyboard === '' ? '' : `\x1b[>${this.#keyboard}m`
    const shown = this.isOtherScreen ? '\x1b[2J' : this.#lastLines(lines)
    return Buffer.from(`${modes.join('')}${keypad}${keyboard}${shown}`, 'latin1')
  }

  /** What brings a terminal in this state back to a fresh one. */
  leave(): Uint8Array {
    const keyboard = this.#keyboard === '' ? '' : `\x1b[>${this.#keyboard.split(';')[0]}m`
    const stack = this.#pushed === 0 ? '' : `\x1b[<${this.#pushed}u`
    const modes = this.#changed().map(([mode, isOn]) => `\x1b[?${mode}${isOn ? 'l' : 'h'}`)
    const newLine = this.isOtherScreen ? '' : '\r\n'
    return Buffer.from(
      `\x1b[m${keyboard}${stack}${this.#hasKeypad ? '\x1b>' : ''}${modes.join('')}${newLine}`,
      'latin1',
    )
  }

  #changed(): [string, boolean][] {
    return [...this.#modes].filter(([mode, isOn]) => isOn !== USUALLY_ON.has(mode))
  }

  #lastLines(lines: number): string {
    const all = this.#tail.split('\n')
    const isCut = this.#tail.length === TAIL && all.length <= lines // its first line lacks its beginning
    return (isCut ? all.slice(1) : all.slice(-lines)).join('\n').replaceAll(NOT_HARMLESS, '')
  }
}
