import { describe, expect, test } from 'bun:test'
import { LinePrinter, type LineSource } from '../../../src/cli/line-printer.ts'

/** A printer, and all that it has printed. */
function makePrinter(isTerminal = false) {
  const chunks: Buffer[] = []
  const write = (data: string | Uint8Array) => void chunks.push(Buffer.from(data as string))
  const printer = new LinePrinter({ isTerminal, write }, isTerminal)
  return { printer, printed: () => Buffer.concat(chunks), text: () => Buffer.concat(chunks).toString() }
}
const makeSource = (prefix = ''): LineSource => ({ prefix, rest: new Uint8Array() })
const bytes = (text: string) => Buffer.from(text)

describe('a printer to a pipe', () => {
  test('leaves every byte of a single source as it is, in pieces of any size', () => {
    const content = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7) % 256))
    for (const size of [1, 7, 300, 3000]) {
      const { printer, printed } = makePrinter()
      const source = makeSource()
      for (let at = 0; at < content.length; at += size) printer.write(source, content.subarray(at, at + size))
      printer.end([source])
      expect(printed().equals(content)).toBe(true)
    }
  })

  test('puts the prefix before each line, and leaves its bytes as they are', () => {
    const { printer, printed } = makePrinter()
    printer.write(makeSource('ä | '), Buffer.from([0xff, 10, 0x1b, 10]))
    expect(printed()).toEqual(Buffer.concat([bytes('ä | '), Buffer.from([0xff, 10]), bytes('ä | \x1b\n')]))
  })

  test('keeps the lines of several sources whole, whatever comes between', () => {
    const { printer, text } = makePrinter()
    const [a, b] = [makeSource('a | '), makeSource('b | ')]
    printer.write(a, bytes('one'))
    printer.write(b, bytes('two\nthree'))
    printer.write(a, bytes(' more\n'))
    printer.end([a, b])
    expect(text()).toBe('b | two\na | one more\nb | three')
  })

  test('holds little of a line without an end, and does not divide it', () => {
    const { printer, printed, text } = makePrinter()
    const [a, b] = [makeSource('a | '), makeSource('b | ')]
    for (let count = 0; count < 64; count++) printer.write(a, new Uint8Array(1 << 14).fill(120))
    expect(printed().length).toBeGreaterThan((1 << 20) - (1 << 19))
    printer.write(a, bytes('\n'))
    printer.write(b, bytes('y\n'))
    expect(text()).toBe(`a | ${'x'.repeat(1 << 20)}\nb | y\n`)
  })

  test('has no lines to break', () => {
    const { printer, text } = makePrinter()
    printer.breakLine()
    expect(text()).toBe('')
  })

  test('keeps what carriage returns overwrite', () => {
    const { printer, text } = makePrinter()
    const source = makeSource()
    printer.write(source, bytes('10%\r20%'))
    printer.write(source, bytes('\r30%\n'))
    expect(text()).toBe('10%\r20%\r30%\n')
  })

  test('stamps each line, and the last of a piece in its own way', () => {
    const { printer, text } = makePrinter()
    const source = makeSource('a | ')
    printer.write(source, bytes('one\ntwo\n'), isLast => (isLast ? 'last ' : 'some '))
    printer.write(source, bytes('three\nfour'), isLast => (isLast ? 'last ' : 'some '))
    printer.end([source])
    expect(text()).toBe('a | some one\na | last two\na | some three\na | last four')
  })
})

describe('a printer to a terminal', () => {
  test('makes lines harmless, and shows the last state of a progress bar', () => {
    const { printer, text } = makePrinter(true)
    printer.write(makeSource('a | '), bytes('\x1b]0;title\x07x\n10%\r100%\nline\r\n\x00\n'))
    expect(text()).toBe('a | x\na | 100%\na | line\na | ^@\n')
  })

  test('shows an unfinished line as it is now, in one line, and takes it back when others come', () => {
    const { printer, text } = makePrinter(true)
    const [a, b] = [makeSource('a | '), makeSource('b | ')]
    printer.write(a, bytes('10%'))
    printer.showUnfinished()
    printer.showUnfinished()
    printer.write(a, bytes('\r20%'))
    printer.showUnfinished()
    printer.write(b, bytes('other\n'))
    printer.write(a, bytes('\r30%\n'))
    const [off, on, erase] = ['\x1b[?7l', '\x1b[?7h', '\r\x1b[K']
    expect(text()).toBe(`${off}a | 10%${on}${erase}${off}a | 20%${on}${erase}b | other\na | 30%\n`)
  })

  test('begins a new line after what the terminal has shown by itself, and takes an unfinished line back with it', () => {
    const { printer, text } = makePrinter(true)
    const source = makeSource('a | ')
    printer.write(source, bytes('line\n'))
    printer.breakLine()
    printer.write(source, bytes('10%'))
    printer.showUnfinished()
    printer.breakLine()
    printer.end([source])
    expect(text()).toBe('a | line\n\n\x1b[?7la | 10%\x1b[?7h\r\x1b[Ka | 10%\n')
  })

  test('a progress bar of any length costs no more than its last state', () => {
    const { printer, text } = makePrinter(true)
    const source = makeSource()
    for (let count = 0; count < 100_000; count++) printer.write(source, bytes(`\r${count} of many`))
    expect(source.rest.length).toBeLessThan(30)
    printer.end([source])
    expect(text()).toBe('99999 of many\n')
  })
})
