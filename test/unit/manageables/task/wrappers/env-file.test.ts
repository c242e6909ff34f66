import { describe, expect, test } from 'bun:test'
import { parseVariables } from '../../../../../src/manageables/task/wrappers/env-file.ts'
import { toBytes } from '../../../../../src/system/byte-text.ts'
import { refusal } from '../../../refusal.ts'

/** The variables of a file, whose bytes are those of UTF-8. */
const parse = (text: string) => parseVariables(Buffer.from(text).toString('latin1'))

describe('parseVariables', () => {
  test('takes what people write into such files', () => {
    const lines = [
      ...[
        '# a comment',
        '',
        'A=1',
        'export B = two words # comment',
        "C='a # b'",
        'D="x\\ny\\"z"',
        'E=`a\'b"c`',
        'F=',
      ],
      ...['G= # nothing', "H=it's", 'I="one', 'two"', '  J=à  ', "K='\\'", 'A=2'],
    ]
    const expected = {
      ...{ A: '2', B: 'two words', C: 'a # b', D: 'x\ny"z', E: 'a\'b"c', F: '', G: '', H: "it's" },
      ...{ I: 'one\ntwo', J: 'à', K: '\\' },
    }
    expect(parse(lines.join('\n'))).toEqual(expected)
    expect(parse(`\ufeff${lines.join('\r\n')}\r\n`)).toEqual(expected)
  })

  test('keeps bytes that are not UTF-8', () => {
    const { A = '' } = parseVariables("A='\xff\xc3\xa9\xa0'")
    expect([...toBytes(A)]).toEqual([0xff, 0xc3, 0xa9, 0xa0])
  })

  test('takes no name for what objects have by themselves', () => {
    expect(Object.keys(parse('__proto__=1\nconstructor=2'))).toEqual(['__proto__', 'constructor'])
  })

  test('says in which line it cannot know what is meant', async () => {
    const wrong = ['A', 'A: b', 'A="b', "A='b' c", 'A=`', '=b', 'A="b\\"', 'A\nB=1']
    for (const line of wrong) {
      const { code, message } = await refusal(() => parse(`X=1\nY="a\nb"\n${line}\n`))
      expect([line, code, message]).toEqual([
        line,
        'start-failed',
        'line 4 is neither NAME=value nor a comment, or has a quote that does not end',
      ])
    }
    expect((await refusal(() => parse('A=\0'))).message).toBe('line 1 holds a NUL character')
  })

  test('its time is linear', () => {
    const begin = process.cpuUsage()
    expect(parse(`A="${'x\\n'.repeat(300_000)}"`).A).toHaveLength(600_000)
    for (const text of [
      `A=${' '.repeat(1e6)}"`,
      `A="${'\\'.repeat(1e6)}`,
      ' '.repeat(1e6),
      `${'='.repeat(1e6)}`,
      'x'.repeat(1e6),
    ])
      try {
        parse(text)
      } catch {}
    expect(process.cpuUsage(begin).user).toBeLessThan(2e6)
  })
})
