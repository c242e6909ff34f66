import { describe, expect, test } from 'bun:test'
import { readFileSync, statSync } from 'node:fs'
import * as fc from 'fast-check'
import { errnoOf } from '../../../src/errors.ts'
import { findDamage, parseJournal, writeVoidJournal } from '../../../src/store/journal.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

const CLAIMED = 'claimed at=1000 host=here boot=b-1 pid=10 up=20 parent=5 name=spmi-a-1'
const WHOLE = [
  CLAIMED,
  'spawned at=1001 pid=11 up=21',
  'signalled at=1002 signal=SIGINT',
  'signalled at=1003 signal=SIGTERM',
  'closed at=1004',
  'exited at=1005 code=143',
  'stayed at=1006',
  'ended at=1007',
]

/** The file as the wrapper leaves it: records from the beginning on, and what is left of the padding. */
function pad(text: string): string {
  return `${text}${' '.repeat(4000 - text.length)}\n`
}

describe('parseJournal', () => {
  test('reads every record', () => {
    const wrapper = { host: 'here', boot: 'b-1', pid: 10, seen: 20 }
    expect(parseJournal(`${WHOLE.join('\n')}\n`)).toEqual({
      claimed: { at: 1000, name: 'spmi-a-1', wrapper, parent: 5 },
      spawned: { at: 1001, command: { ...wrapper, pid: 11, seen: 21 } },
      signalled: [
        { at: 1002, signal: 'SIGINT' },
        { at: 1003, signal: 'SIGTERM' },
      ],
      closed: { at: 1004 },
      exited: { at: 1005, code: 143 },
      stayed: { at: 1006 },
      ended: { at: 1007 },
    })
  })

  test('reads why a command was not started, spaces and equals signs of the reason included', () => {
    const reason = 'the folder "/a b=c" cannot be entered'
    expect(parseJournal(`${CLAIMED}\nrefused at=7 reason=${reason}\n`).refused).toEqual({ at: 7, reason })
    expect(parseJournal(`void at=8 reason=${reason}\n`)).toEqual({ signalled: [], void: { at: 8, reason } })
  })

  test('an empty one says nothing', () => {
    expect(parseJournal('')).toEqual({ signalled: [] })
    expect(parseJournal(pad(''))).toEqual({ signalled: [] })
  })

  test('the padding says nothing, wherever the records end', () => {
    for (let count = 0; count <= WHOLE.length; count++) {
      const text = WHOLE.slice(0, count)
        .map(line => `${line}\n`)
        .join('')
      expect(parseJournal(pad(text))).toEqual(parseJournal(text))
    }
  })

  test('a record that is not whole yet is passed over, wherever it is torn', () => {
    for (const line of [
      ...WHOLE,
      'refused at=1008 reason=no such luck',
      'void at=1009 reason=no such luck',
    ]) {
      const before = line === CLAIMED ? '' : `${CLAIMED}\n`
      for (let cut = 0; cut < line.length; cut++) {
        const torn = `${before}${line.slice(0, cut)}`
        expect([torn, parseJournal(pad(torn))]).toEqual([torn, parseJournal(before)])
        expect([torn, parseJournal(torn)]).toEqual([torn, parseJournal(before)])
      }
    }
  })

  test('records of a later version are passed over', () => {
    expect(parseJournal(`${CLAIMED}\nrestarted at=1 attempt=2\nended at=9\n`)).toEqual(
      parseJournal(`${CLAIMED}\nended at=9\n`),
    )
  })

  test('the terminal of a command is known where it has one', () => {
    const claimed = 'claimed at=1000 host=h boot=b pid=10 up=20 parent=9 name=spmi-a\n'
    const terminal = (spawned: string) => parseJournal(`${claimed}${spawned}\n`).spawned?.terminal
    expect(terminal('spawned at=1001 pid=11 up=21 tty=/dev/pts/3')).toBe('/dev/pts/3')
    expect(terminal('spawned at=1001 pid=11 up=21')).toBeUndefined()
  })

  test('a spawned command without a claim is passed over: nobody would know its host', () => {
    expect(parseJournal('spawned at=1 pid=2 up=3\n').spawned).toBeUndefined()
  })

  test('values named like properties of every object are harmless', () => {
    expect(parseJournal('ended at=1 __proto__=2 constructor=3\n').ended).toEqual({ at: 1 })
    expect(parseJournal('__proto__ at=1\nconstructor at=1\n')).toEqual({ signalled: [] })
  })

  test('no text makes it fail', () => {
    const word = fc.oneof(fc.constantFrom(...WHOLE, '=', ' ', '\n', 'at=', 'reason=', 'exited'), fc.string())
    fc.assert(
      fc.property(fc.array(word), words => {
        expect(Array.isArray(parseJournal(words.join('')).signalled)).toBe(true)
      }),
    )
  })
})

describe('writeVoidJournal', () => {
  test('claims the run, with its reason on one line', () => {
    const before = Date.now()
    writeVoidJournal(folder.path, 'the queue\n  said no\n')
    const journal = parseJournal(readFileSync(folder.join('journal'), 'utf8'))
    expect(journal.void?.reason).toBe('the queue said no')
    expect(journal.void?.at).toBeGreaterThanOrEqual(before)
    expect(statSync(folder.join('journal')).mode & 0o777).toBe(0o600)
  })

  test('leaves a journal that a wrapper has made alone', () => {
    folder.write('journal', `${CLAIMED}\n`)
    let errno: string | undefined
    try {
      writeVoidJournal(folder.path, 'too late')
    } catch (error) {
      errno = errnoOf(error)
    }
    expect(errno).toBe('EEXIST')
    expect(readFileSync(folder.join('journal'), 'utf8')).toBe(`${CLAIMED}\n`)
  })
})

test('the size that tells a cut from a whole journal is what the wrapper allocates', () => {
  const script = readFileSync(`${import.meta.dir}/../../../src/manageables/task/wrappers/default.sh`, 'utf8')
  const allocated = Number(/%(\d+)s\\n' "\$_spmi_claim"/.exec(script)?.[1])
  const [journal, padding] = [
    parseJournal('claimed at=1 host=h boot=b pid=1 up=1 parent=1 name=n\n'),
    ' '.repeat(allocated),
  ]
  expect(findDamage(journal, padding)).toBeUndefined()
  expect(findDamage(journal, padding.slice(2))).toBe('it is cut short')
})
