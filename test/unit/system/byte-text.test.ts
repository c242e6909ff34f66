import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import * as fc from 'fast-check'
import { restoreArguments, restoreVariables, toBytes, toText } from '../../../src/system/byte-text.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

describe('toText and toBytes', () => {
  test('what is valid is the text that it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const valid = text.toWellFormed()
        expect(toText(Buffer.from(valid))).toBe(valid)
        expect(toBytes(valid)).toEqual(Buffer.from(valid))
      }),
    )
    expect(toText(Buffer.from('\ufeffa'))).toBe('\ufeffa')
  })

  test('any bytes come back, and what is not UTF-8 is no valid text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const text = toText(bytes)
        expect([...toBytes(text)]).toEqual([...bytes])
        expect(text.isWellFormed()).toBe(
          Buffer.from(bytes).equals(Buffer.from(Buffer.from(bytes).toString())),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('each byte that belongs to no character is a surrogate, as in Python', () => {
    expect(toText(Buffer.of(0x61, 0xff, 0xc3, 0xa9, 0xc3))).toBe('a\udcff\u00e9\udcc3')
    expect(toText(Buffer.of(0xed, 0xa0, 0x80))).toBe('\udced\udca0\udc80')
  })

  test('long ones take no time', () => {
    const begin = process.cpuUsage()
    const bytes = Buffer.alloc(2 << 20, 0xe9)
    expect(toBytes(toText(bytes)).equals(bytes)).toBe(true)
    expect(process.cpuUsage(begin).user).toBeLessThan(2e6)
  })
})

describe('what this process was given', () => {
  const script = (body: string) =>
    folder.write(
      'script.ts',
      `import * as text from '${import.meta.dir}/../../../src/system/byte-text.ts'\n${body}`,
    )

  /** Runs a script with variables and arguments, a character for each byte. */
  function run(body: string, given: string): string {
    const argv = ['-c', `exec env $1 ${process.execPath} "$2"  ${given}`, 'sh', '', script(body)]
    const { stdout, stderr } = spawnSync('bash', argv)
    expect(stderr.toString()).toBe('')
    return stdout.toString()
  }

  test('its arguments are restored, and those that only look damaged are left', () => {
    const body = 'console.log(JSON.stringify(text.restoreArguments(process.argv.slice(2))))'
    const words: unknown = JSON.parse(run(body, "a $'b\\xff' $'\\xef\\xbf\\xbd' ''"))
    expect(words).toEqual(['a', 'b\udcff', '\ufffd', ''])
    expect(restoreArguments(['a', '\ufffd'])).toEqual(['a', '\ufffd']) // not those of this process
  })

  test('its variables are restored, but for those that were changed since', () => {
    process.env.BYTE_TEXT = 'changed \ufffd'
    expect(restoreVariables(process.env).BYTE_TEXT).toBe('changed \ufffd')
    delete process.env.BYTE_TEXT
    const body = `process.env.B = 'new \\ufffd'; const { A, B, C } = text.restoreVariables(process.env); console.log(JSON.stringify([A, B, C]))`
    const argv = [
      '-c',
      `export A=$'a\\xff' B=$'\\xff' C=$'\\xef\\xbf\\xbd'; exec ${process.execPath} "$1"`,
      'sh',
      script(body),
    ]
    expect(JSON.parse(spawnSync('bash', argv).stdout.toString())).toEqual(['a\udcff', 'new \ufffd', '\ufffd'])
  })
})
