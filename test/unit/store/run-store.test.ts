import { beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { errnoOf } from '../../../src/errors.ts'
import { readAsked, writeAsked } from '../../../src/store/asked.ts'
import { removeAtOnce } from '../../../src/store/hidden.ts'
import {
  blockNextRun,
  dropPrepared,
  isBlocking,
  type PreparedRun,
  prepareRun,
  publishRun,
  type SeenRun,
} from '../../../src/store/next-run.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'
import { isRecordFresh, isRecordReplaced, markReplaced, STARTED } from '../../../src/store/record-marks.ts'
import {
  findLastRun,
  isStarterAlive,
  type Run,
  readJournal,
  readStarter,
  readSubmitted,
  runAfter,
  voidRun,
  writeSubmitted,
} from '../../../src/store/run-store.ts'
import { identify, type ProcessIdentity, thisProcess } from '../../../src/system/process.ts'
import { useChildren } from '../children.ts'
import { useFolder } from '../folder.ts'
import { race } from '../race.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()
const children = useChildren()

let directory: string

beforeEach(async () => {
  const store = PoolStore.open('pool', folder.path)
  await store.add([
    { id: 'a', format: 'toml', source: Buffer.from(''), folder: '/', record: '{"task": {}}\n' },
  ])
  directory = store.directoryOf('a')
})

function seen(number: number): SeenRun | undefined {
  return number === 0 ? undefined : { number, journal: readJournal(runAfter(directory, number - 1)) }
}

function prepare(after: number, name = 'spmi-a'): PreparedRun {
  return prepareFrom(seen(after), name)
}

function prepareFrom(last: SeenRun | undefined, name = 'spmi-a'): PreparedRun {
  const starter = { name, at: Date.now(), by: thisProcess() }
  return prepareRun(directory, last, { script: '#!/bin/sh\n', environment: 'export A=1\n', starter })
}

function publish(after: number): PreparedRun['run'] {
  const prepared = prepare(after)
  expect(publishRun(prepared)).toBe(true)
  return prepared.run
}

describe('a start', () => {
  test('prepares everything before the run bears its number', () => {
    const prepared = prepare(0)
    expect(findLastRun(directory)).toBeUndefined()
    expect(readdirSync(prepared.hidden).sort()).toEqual(['env', 'run.sh', 'starter'])
    expect(publishRun(prepared)).toBe(true)
    expect(findLastRun(directory)).toEqual({ number: 1, directory: `${directory}/runs/1` })
    expect(readStarter(prepared.run)?.by).toEqual(thisProcess())
  })

  test('keeps the environment from others', () => {
    const run = publish(0)
    const modeOf = (name: string) => (statSync(`${run.directory}/${name}`).mode & 0o777).toString(8)
    expect(['env', 'run.sh', 'starter'].map(modeOf)).toEqual(['600', '700', '600'])
  })

  test('of two starters one wins, and the other leaves nothing behind', () => {
    const [first, second] = [prepare(0, 'first'), prepare(0, 'second')]
    expect([publishRun(first), publishRun(second)]).toEqual([true, false])
    expect(readStarter(runAfter(directory, 0))?.name).toBe('first')
    expect(readdirSync(`${directory}/runs`)).toEqual(['1'])
  })

  test('who saw the end of an older run than the last loses', () => {
    publish(0)
    publish(1)
    expect(publishRun(prepare(1))).toBe(false)
    expect(findLastRun(directory)?.number).toBe(2)
  })

  test('of many processes that start it at once exactly one does', async () => {
    const statuses = await race('start', 10, folder.join('pool'), 'a')
    expect(statuses.filter(status => status === 0)).toHaveLength(1)
    expect(statuses.filter(status => status === 3)).toHaveLength(9)
    expect(readdirSync(`${directory}/runs`)).toEqual(['1'])
  }, 20_000)

  test('one that is dropped leaves nothing behind', () => {
    dropPrepared(prepare(0))
    expect(readdirSync(`${directory}/runs`)).toEqual([])
  })

  test('of what has been cleaned meanwhile is a system error', () => {
    const prepared = prepare(0)
    removeAtOnce(`${folder.path}/pool/a`)
    for (const act of [() => publishRun(prepared), () => prepare(0)]) {
      let errno: string | undefined
      try {
        act()
      } catch (error) {
        errno = errnoOf(error)
      }
      expect(errno).toBe('ENOENT')
    }
    expect(readdirSync(folder.join('pool'))).toEqual(['.spmi'])
  })

  test('of what has been cleaned, loaded again and started meanwhile is refused', () => {
    voidRun(publish(0), 'as the start has seen it')
    const last = seen(1)
    rmSync(`${directory}/runs`, { recursive: true })
    voidRun(publish(0), 'another one')
    expect(() => prepareFrom(last)).toThrow('somebody else has just started it')
    expect(readdirSync(`${directory}/runs`)).toEqual(['1'])
  })

  test('of a run that no wrapper has claimed is the end of that run', () => {
    const run = publish(0)
    publish(1)
    expect(readJournal(run)?.void?.reason).toBe('its starter died')
  })

  test('sweeps what a dead starter left', async () => {
    publish(0)
    const dead = identify(await children.start(['sleep', '60'])) as ProcessIdentity
    await children.end()
    mkdirSync(`${directory}/runs/.new-${dead.pid}-${dead.start}-${dead.boot.slice(0, 8)}-1-${dead.host}`)
    publish(1)
    expect(readdirSync(`${directory}/runs`).sort()).toEqual(['1', '2'])
  })
})

describe('blockNextRun', () => {
  test('takes the number, so that nobody can start', async () => {
    expect(await blockNextRun(directory, undefined, 'it is being cleaned')).toEqual(runAfter(directory, 0))
    expect(publishRun(prepare(0))).toBe(false)
    const run = runAfter(directory, 0)
    expect(readJournal(run)?.void?.reason).toBe('it is being cleaned')
    expect(readStarter(run)).toMatchObject({ name: '', by: thisProcess() })
  })

  test('fails when somebody has started meanwhile, and leaves nothing behind', async () => {
    publish(0)
    expect(await blockNextRun(directory, undefined, 'it is being cleaned')).toBeUndefined()
    expect(readdirSync(`${directory}/runs`)).toEqual(['1'])
  })

  test('holds until somebody who does not heed it has started', async () => {
    const blocker = (await blockNextRun(directory, undefined, 'it is being cleaned')) as Run
    expect(isBlocking(blocker, directory)).toBe(true)
    publish(1)
    expect(isBlocking(blocker, directory)).toBe(false)
  })
})

describe('findLastRun', () => {
  test('is undefined for what was never started', () => {
    expect(findLastRun(directory)).toBeUndefined()
    mkdirSync(`${directory}/runs`)
    expect(findLastRun(directory)).toBeUndefined()
  })

  test('takes the highest number, and only numbers', () => {
    for (const name of ['1', '2', '10', '9', '.new-1', '011', '0', 'x', '12a', '1e9'])
      mkdirSync(`${directory}/runs/${name}`, { recursive: true })
    expect(findLastRun(directory)?.number).toBe(10)
  })
})

describe('whether a record is fresh', () => {
  const record = () => readFileSync(`${directory}/manageable.json`, 'utf8')

  test('until the first start is being prepared, and never again', () => {
    expect(isRecordFresh(record())).toBe(true)
    prepare(0)
    expect(isRecordFresh(record())).toBe(false)
    expect(JSON.parse(record())).toEqual({ task: {} })
    const marked = record()
    publish(0)
    publish(1)
    expect(record()).toBe(marked)
  })

  test('the mark is made before the folder of the runs, so that no run is overlooked', () => {
    if (process.getuid?.() !== 0) chmodSync(`${directory}/manageable.json`, 0o400)
    else mkdirSync(`${directory}/runs`) // for root nothing is read-only: see that runs/ is what is asked
    try {
      prepare(0)
    } catch (error) {
      expect(errnoOf(error)).toBe('EACCES')
      expect(readdirSync(directory)).not.toContain('runs')
    }
  })

  test('no cut of a marked record is a fresh one, and what is not known may have replaced another', () => {
    const [fresh, started, replaced] = ['{}\n', `{${STARTED}`, markReplaced('{}\n')]
    expect([fresh, started, replaced].map(isRecordFresh)).toEqual([true, false, false])
    expect([fresh, started, replaced].map(isRecordReplaced)).toEqual([false, false, true])
    for (const record of [started, replaced])
      for (let length = 0; length < record.length; length++) {
        expect(isRecordFresh(record.slice(0, length))).toBe(false)
        expect(isRecordReplaced(record.slice(0, length))).toBe(true)
      }
    expect([isRecordFresh('{}\n\n'), isRecordReplaced('{}\n\n')]).toEqual([false, true]) // an older program's
  })
})

describe('a run', () => {
  test('has no journal until a wrapper comes', () => {
    expect(readJournal(publish(0))).toBeUndefined()
  })

  test('can be given up once, unless a wrapper has claimed it', () => {
    const first = publish(0)
    expect([voidRun(first, 'too late'), voidRun(first, 'again')]).toEqual([true, false])
    expect(readJournal(first)?.void?.reason).toBe('too late')
    const second = publish(1)
    folder.write('pool/a/runs/2/journal', 'claimed at=1 host=h boot=b pid=1 up=1 parent=1 name=n\n')
    expect(voidRun(second, 'too late')).toBe(false)
    expect(readJournal(second)?.claimed?.name).toBe('n')
  })

  test("knows its backend's answer", () => {
    const run = publish(0)
    expect(readSubmitted(run)).toBeUndefined()
    writeSubmitted(run, { at: 5, id: '4711' })
    expect(readSubmitted(run)).toEqual({ at: 5, id: '4711' })
  })

  test('knows who asked for its end, oldest first, however many at once', () => {
    const run = publish(0)
    expect(readAsked(run)).toEqual([])
    folder.write('pool/a/runs/1/asked.kill-SIGKILL-1-17-2-host', 'whatever it holds')
    folder.write('pool/a/runs/1/asked.stop-SIGINT-9-17-1-a-host', '')
    for (const name of ['x', 'stop', 'nap-SIGINT-1-17-1-h', 'stop-SIGINT-x-17-1-h'])
      folder.write(`pool/a/runs/1/asked.${name}`, '')
    writeAsked(run, 'stop', 'SIGTERM')
    expect(readAsked(run).map(({ signal }) => signal)).toEqual(['SIGINT', 'SIGKILL', 'SIGTERM'])
    expect(readAsked(run)[2]).toMatchObject({ verb: 'stop' })
    const name = readdirSync(run.directory).find(each => each.startsWith('asked.stop-SIGTERM')) ?? ''
    expect(JSON.parse(readFileSync(`${run.directory}/${name}`, 'utf8'))).toMatchObject({ by: thisProcess() })
  })

  test('a file that is made but not written yet says nothing', () => {
    const run = publish(0)
    folder.write('pool/a/runs/1/submitted', '')
    expect(readSubmitted(run)).toBeUndefined()
  })

  test('a damaged file is an error that names it', async () => {
    const run = publish(0)
    folder.write('pool/a/runs/1/submitted', '{"at": ')
    const { code, message } = await refusal(() => readSubmitted(run))
    expect(code).toBe('damaged')
    expect(message).toStartWith(`"${run.directory}/submitted" is damaged: `)
  })

  test('knows whether its starter lives', async () => {
    const by = identify(await children.start(['sleep', '60'])) as ProcessIdentity
    expect(isStarterAlive({ name: 'n', at: 0, by })).toBe(true)
    expect(isStarterAlive({ name: 'n', at: 0, by: { ...by, host: 'elsewhere' } })).toBe(false)
    await children.end()
    expect(isStarterAlive({ name: 'n', at: 0, by })).toBe(false)
  })
})
