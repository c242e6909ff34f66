/** Whatever is in the files of a run, no exit code is invented: it is one that the wrapper has written, or there is none. */
import { afterAll, describe, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpmiError } from '../../src/errors.ts'
import { Pool } from '../../src/pool.ts'
import { parseJournal } from '../../src/store/journal.ts'
import { thisProcess } from '../../src/system/process.ts'
import { extent } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Random, seed } from './support/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'spmi-journals-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { host, boot } = thisProcess()
const CLAIMED = `claimed at=1795500851057 host=${host} boot=${boot} pid=4000000 up=270081 parent=1 name=spmi-a-6b0569833465`

/** Journals as wrappers write them, with the padding behind. */
function drawJournal(random: Random): string {
  const records = [CLAIMED]
  if (random.below(8) === 0)
    records.push('refused at=1795500851058 reason=the folder "/x y" cannot be entered')
  else {
    records.push('spawned at=1795500851058 pid=4000001 up=270082')
    for (let signals = random.below(3); signals > 0; signals--)
      records.push('signalled at=1795500851059 signal=SIGTERM')
    if (random.below(2) === 0) records.push('closed at=1795500851059')
    if (random.below(4) > 0) records.push(`exited at=1795500851060 code=${random.below(256)}`)
    if (random.below(4) === 0) records.push('stayed at=1795500851060')
    if (random.below(2) === 0) records.push('ended at=1795500851061')
  }
  const text = records
    .slice(0, 1 + random.below(records.length))
    .map(record => `${record}\n`)
    .join('')
  return random.below(3) === 0 ? text : `${text}${' '.repeat(Math.max(0, 4000 - text.length))}\n`
}

const PIECES = [
  '\n',
  ' ',
  '=',
  '\0',
  '\xff',
  'exited',
  'exited at=1 code=0\n',
  'code=',
  'at=',
  '-1',
  '1e3',
  '0x0',
  '',
  '999999999999999999999',
  'void at=1 reason=x\n',
  'é',
  '\r\n',
  '  ',
]

/** Bytes that were lost, changed, doubled or put in; where they are many, the file is another one. */
function damage(random: Random, text: string): string {
  let damaged = text
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(Math.min(damaged.length, 500) + 1)
    const ways = [
      () => damaged.slice(0, at),
      () => damaged.slice(0, at) + random.pick(PIECES) + damaged.slice(at),
      () => damaged.slice(0, at) + random.pick(PIECES) + damaged.slice(at + 1 + random.below(8)),
      () => damaged.slice(0, at) + String.fromCharCode(random.below(256)) + damaged.slice(at + 1),
      () => damaged.slice(at),
      () => damaged.slice(0, at) + '\0'.repeat(Math.max(0, damaged.length - at)),
    ]
    damaged = random.pick(ways)()
  }
  return damaged
}

/** The codes that whole records of a text tell; before a record there may be the hole of what was cut. */
function codesIn(text: string): number[] {
  return [...text.matchAll(/(?:^|\0)exited [^\0\n]*\bcode=(\d{1,3})(?= |$)/gm)]
    .map(([, code]) => Number(code))
    .filter(code => code <= 255)
}

describe('journals', () => {
  test('a damaged one tells no code that no record tells', () => {
    const random = new Random(500)
    const wrong: unknown[] = []
    for (let left = extent(1000, 20_000); left > 0; left--) {
      const text = damage(random, drawJournal(random))
      const { exited } = parseJournal(Buffer.from(text, 'latin1').toString())
      if (exited !== undefined && !codesIn(text).includes(exited.code))
        wrong.push([seed, text.trimEnd(), exited])
      count('inputs')
    }
    expectNone('lies', wrong.slice(0, 10))
  })

  test('one that is cut at any byte tells what its whole records tell', () => {
    const random = new Random(501)
    const wrong: unknown[] = []
    for (let left = extent(10, 100); left > 0; left--) {
      const whole = drawJournal(random).trimEnd()
      for (let cut = 0; cut <= whole.length; cut++) {
        const records = whole.slice(0, cut).lastIndexOf('\n') + 1
        // What was not written yet is missing, or padding.
        for (const text of [whole.slice(0, cut), `${whole.slice(0, cut)}${' '.repeat(300)}\n`])
          if (!Bun.deepEquals(parseJournal(text), parseJournal(whole.slice(0, records))))
            wrong.push([seed, text])
        count('inputs')
      }
    }
    expectNone('torn states', wrong.slice(0, 10))
  })
})

describe('the files of a run', () => {
  test('damaged ones stop no command on the others, and no exit code is invented', async () => {
    const random = new Random(502)
    const pool = await Pool.open({ path: join(folder, 'pool') })
    for (const id of ['damaged', 'sound']) {
      const path = join(folder, `${id}.json`)
      writeFileSync(path, JSON.stringify({ task: { id, wrapper: { command: 'true' } } }))
      await pool.load([path])
    }
    const [directory, sound] = ['damaged', 'sound'].map(id => join(pool.path, id, 'runs/1')) as [
      string,
      string,
    ]
    const record = join(pool.path, 'damaged/manageable.json')
    const starter = JSON.stringify({
      ...{ name: 'spmi-a-6b0569833465', at: 1795500851000, by: { host, boot, pid: 4000002, start: 1 } },
      backend: { type: 'native' },
      wrapper: { type: 'default', command: 'true', stop: { signals: ['SIGINT'], timeout: 1000 } },
    })
    const whole: Record<string, string> = {
      [record]: `${readFileSync(record, 'utf8')}\n`,
      [join(directory, 'starter')]: starter,
      [join(directory, 'asked.1')]: JSON.stringify({
        verb: 'stop',
        signal: 'SIGTERM',
        at: 1795500851059,
        by: thisProcess(),
      }),
      [join(directory, 'submitted')]: '{"id":"1","at":1795500851000}',
      [join(directory, 'run.sh')]: '#!/bin/sh\n',
      [join(directory, 'env')]: "export A='x'\n",
    }
    mkdirSync(sound, { recursive: true })
    writeFileSync(join(sound, 'starter'), starter)
    writeFileSync(
      join(sound, 'journal'),
      `${CLAIMED}\nspawned at=1 pid=4000001 up=1\nexited at=2 code=7\nended at=2\n`,
    )
    writeFileSync(
      join(pool.path, 'sound/manageable.json'),
      `${readFileSync(join(pool.path, 'sound/manageable.json'), 'utf8')}\n`,
    )

    const wrong: unknown[] = []
    for (let left = extent(60, 1_000); left > 0; left--) {
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
      const journal = random.below(3) === 0 ? drawJournal(random) : damage(random, drawJournal(random))
      const files = { ...whole, [join(directory, 'journal')]: journal }
      for (const [path, text] of Object.entries(files)) {
        const isDamaged = path !== join(directory, 'journal') && random.below(4) === 0
        writeFileSync(path, isDamaged ? damage(random, text) : text, 'latin1')
      }
      const seen = await look(pool)
      count('inputs')
      if (seen.problems.length > 0) wrong.push([seed, seen.problems, files])
      if (seen.codes.sound !== 7) wrong.push([seed, 'the other one', seen.codes, files])
      const { damaged } = seen.codes
      if (damaged !== undefined && !codesIn(journal).includes(damaged)) wrong.push([seed, damaged, files])
    }
    expectNone('lies', wrong.slice(0, 3))
  }, 600_000)

  /** What those that only look say. @returns exit codes by ids, and what must not be thrown: a damaged one is told, and stops nobody */
  async function look(
    pool: Pool,
  ): Promise<{ codes: Record<string, number | undefined>; problems: unknown[] }> {
    const codes: Record<string, number | undefined> = {}
    const problems: unknown[] = []
    const tell = (error: unknown) => problems.push(error instanceof Error ? error.stack : error)
    try {
      for (const { manageable, facts } of (await pool.inspect()).inspected)
        codes[manageable.id] = facts.exitCode
      await pool.history(['.*'])
    } catch (error) {
      tell(error)
    }
    await pool.show('damaged', 'reveal').catch((error: unknown) => error instanceof SpmiError || tell(error))
    return { codes, problems }
  }
})
