/**
 * Prints the output of several sources so that their lines stay whole: a line that has no end yet is held back until it has one. On
 * a terminal the last of them is shown all the same, as it is now, so that a progress bar moves in one line. What goes to a
 * terminal is made harmless; what goes elsewhere is left as it is, byte by byte.
 */
import type { Output } from './context.ts'
import { makeHarmless } from './style.ts'

/** Bytes of a line for which its end is waited. What is longer is printed in parts, which no other line divides if it can be. */
const LIMIT = 1 << 18

/** How many characters of an unfinished line are shown. */
const SHOWN = 1000

/** Source: ECMA-48 (EL) and DEC private mode 7 (DECAWM): a line that is too wide is cut by the terminal itself. */
const ERASE = '\r\x1b[K'
const CUT = ['\x1b[?7l', '\x1b[?7h'] as const

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Where lines come from. */
export interface LineSource {
  /** What stands before each of its lines. */
  readonly prefix: string
  /** The beginning of a line that has no end yet. */
  rest: Uint8Array
  /** The stamp of that line. */
  stamp?: Stamp | undefined
}

/** What stands between the prefix and a line: when it came. @param isLast whether it is the last line of its piece */
export type Stamp = (isLast: boolean) => string

/** Prints lines. */
export class LinePrinter {
  readonly #output: Output
  readonly #isLive: boolean
  /** The source whose line was printed without its end. */
  #open: LineSource | undefined
  #latest: LineSource | undefined
  /** The unfinished line that the terminal shows. */
  #shown = ''

  /** @param isLive whether the output is a terminal that can take back a line */
  constructor(output: Output, isLive: boolean) {
    this.#output = output
    this.#isLive = isLive
  }

  /** Prints the lines of a piece that have an end, and keeps the rest. The bytes may change afterwards. */
  write(source: LineSource, bytes: Uint8Array, stamp?: Stamp): void {
    const all = source.rest.length === 0 ? bytes : Buffer.concat([source.rest, bytes])
    const end = all.lastIndexOf(LINE_FEED) + 1
    source.stamp = stamp
    if (end > 0) this.#print(source, all.subarray(0, end), end === all.length)
    source.rest = this.#lastState(all.subarray(end)).slice()
    this.#latest = source
    if (source.rest.length > LIMIT) this.finish(source)
  }

  /** Prints what is left of a source, although it has no end. */
  finish(source: LineSource): void {
    if (source.rest.length > 0) this.#print(source, source.rest, true)
    source.rest = new Uint8Array()
  }

  /** Shows the unfinished line that has changed last. */
  showUnfinished(): void {
    const source = this.#latest
    if (!this.#isLive || source === undefined || source.rest.length === 0) return
    const line = makeHarmless(Buffer.from(source.rest).toString('utf8')).slice(0, SHOWN)
    const text = `${source.prefix}${source.stamp?.(true) ?? ''}${line}`
    if (text === this.#shown) return
    this.#output.write(`${this.#shown === '' ? '' : ERASE}${CUT.join(text)}`)
    this.#shown = text
  }

  /** Takes back the unfinished line, before others write to the same terminal. */
  hideUnfinished(): void {
    if (this.#shown !== '') this.#output.write(ERASE)
    this.#shown = ''
  }

  /** Begins a new line after what a terminal has shown by itself, such as ^C; with an unfinished line that is taken back. */
  breakLine(): void {
    if (this.#output.isTerminal && this.#shown === '') this.#output.write('\n')
    this.hideUnfinished()
    this.#open = undefined
  }

  /** Prints what is left of all. */
  end(sources: Iterable<LineSource>): void {
    for (const source of sources) this.finish(source)
    if (this.#output.isTerminal) this.endLine()
  }

  /** Begins a new line, if need be. */
  endLine(): void {
    this.hideUnfinished()
    if (this.#open !== undefined) this.#output.write('\n')
    this.#open = undefined
  }

  /** On a terminal what carriage returns overwrite need not be kept. */
  #lastState(rest: Uint8Array): Uint8Array {
    if (!this.#output.isTerminal) return rest
    let end = rest.length
    while (end > 0 && rest[end - 1] === CARRIAGE_RETURN) end--
    return rest.subarray(rest.subarray(0, end).lastIndexOf(CARRIAGE_RETURN) + 1)
  }

  /** @param isPiece whether its last line is the last one of a piece */
  #print(source: LineSource, bytes: Uint8Array, isPiece: boolean): void {
    const isContinued = this.#open === source
    if (isContinued) this.hideUnfinished()
    else this.endLine()
    this.#open = bytes.at(-1) === LINE_FEED ? undefined : source
    const isAsItIs = source.prefix === '' && source.stamp === undefined && !this.#output.isTerminal
    this.#output.write(isAsItIs ? bytes : this.#transform(source, bytes, isContinued, isPiece))
  }

  #transform(source: LineSource, bytes: Uint8Array, isContinued: boolean, isPiece: boolean): Uint8Array {
    const { prefix, stamp } = source
    // Latin-1 gives each byte a character, and so gives it back.
    const encoding = this.#output.isTerminal ? 'utf8' : 'latin1'
    const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding).split('\n')
    const isWhole = lines.at(-1) === ''
    if (isWhole) lines.pop()
    const last = isPiece ? lines.length - 1 : -1
    const headOf = (index: number) =>
      index === 0 && isContinued
        ? ''
        : Buffer.from(prefix + (stamp?.(index === last) ?? '')).toString(encoding)
    const printed = lines.map(
      (line, index) => headOf(index) + (this.#output.isTerminal ? makeHarmless(line) : line),
    )
    return Buffer.from(printed.join('\n') + (isWhole ? '\n' : ''), encoding)
  }
}
