import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import {
  examineAccess,
  examineFileSystem,
  isPoolShared,
  judgeClock,
  probeFifo,
} from '../../../src/store/examine-pool.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

const environment = { PATH: process.env.PATH ?? '' }
const storeAt = (path = 'pool') => PoolStore.at(path, folder.path)
const makePool = (mode = 0o700) => {
  mkdirSync(folder.join('pool'), { mode })
  chmodSync(folder.join('pool'), mode)
  return storeAt()
}
const examine = (store: PoolStore) => examineAccess(store, environment)

describe('whether the pool may be used', () => {
  test('one that is ours alone may', async () => {
    expect(await examine(makePool())).toEqual({
      level: 'ok',
      topic: 'folder',
      what: 'yours alone, format 1',
    })
  })

  test('one that is not there yet may, and is not made', async () => {
    expect(await examine(storeAt())).toMatchObject({
      level: 'ok',
      what: expect.stringContaining('not exist yet'),
    })
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('one whose parent is not there may not, and what makes the parent is told', async () => {
    expect(await examine(storeAt('a/b/pool'))).toMatchObject({
      level: 'problem',
      mend: `mkdir -p "${folder.join('a/b')}"`,
    })
  })

  test('one that is open to others may not, and what closes it is told', async () => {
    const store = makePool(0o755)
    folder.write('pool/x', '')
    expect(await examine(store)).toMatchObject({
      level: 'problem',
      what: `the pool "${store.path}" is open to other users`,
      mend: `chmod 700 "${store.path}" closes it`,
    })
  })

  test('what is no folder may not, nor one of a newer format', async () => {
    folder.write('file', '')
    expect(await examine(storeAt('file'))).toMatchObject({ level: 'problem' })
    const store = makePool()
    mkdirSync(folder.join('pool/.spmi'))
    writeFileSync(folder.join('pool/.spmi/format'), '99\n')
    expect(await examine(store)).toMatchObject({
      level: 'problem',
      what: expect.stringContaining('newer SPMI'),
    })
  })
})

describe('the file system', () => {
  const topicsOf = async (store: PoolStore) =>
    Object.fromEntries((await examineFileSystem(store)).map(finding => [finding.topic, finding]))

  test('of a pool is tried, and nothing is left of that', async () => {
    const store = makePool()
    const findings = await topicsOf(store)
    expect(Object.keys(findings)).toEqual(['file system', 'files', 'room', 'clock'])
    expect(findings.files).toMatchObject({ level: 'ok' })
    expect(findings.clock).toEqual({
      level: 'ok',
      topic: 'clock',
      what: "agrees with the pool's file system",
    })
    expect(findings.room?.what).toMatch(/^\d+\.\d [KMGTP]iB free/)
    expect(readdirSync(store.path)).toEqual([])
  })

  test('of the parent is named where there is no pool yet, but nothing is tried there', async () => {
    const before = statSync(folder.path).mtimeMs
    expect(Object.keys(await topicsOf(storeAt()))).toEqual(['file system', 'room', 'clock'])
    expect(statSync(folder.path).mtimeMs).toBe(before)
  })

  test('that is in memory is warned of', async () => {
    const store = PoolStore.at('/dev/shm/absent', '/')
    expect((await topicsOf(store))['file system']).toMatchObject({
      level: 'warning',
      what: expect.stringMatching(/^tmpfs .*in memory/),
    })
    expect(isPoolShared(store)).toBe(false)
  })

  test('that was changed in the future shows that a clock was set back', async () => {
    const store = makePool()
    const future = Date.now() / 1000 + 3600
    utimesSync(store.path, future, future)
    expect((await topicsOf(store)).clock).toMatchObject({
      level: 'warning',
      what: expect.stringMatching(/^the pool was changed at a time that is 3600 s ahead of/),
    })
  })
})

describe('judgeClock', () => {
  const now = Date.UTC(2026, 0)
  const stamp = (skew: number) => ({ before: now, made: now + skew, after: now + 10 })

  test('lets pass what coarse time stamps and slow servers explain', () => {
    for (const skew of [0, 10, -2000, 4000]) expect(judgeClock(now, now, stamp(skew)).level).toBe('ok')
    expect(judgeClock(now, now - 1e9)).toMatchObject({ level: 'ok' })
  })

  test('tells by how much the server of the pool is ahead or behind', () => {
    expect(judgeClock(now, now, stamp(60_010))).toMatchObject({
      level: 'warning',
      what: "the pool's server is 60 s ahead of this host",
    })
    expect(judgeClock(now, now, stamp(-90_000))).toMatchObject({
      level: 'warning',
      what: "the pool's server is 90 s behind this host",
    })
  })

  test('does not believe in a time before SPMI was', () => {
    expect(judgeClock(0, 0)).toMatchObject({ level: 'problem', what: 'says 1970-01-01T00:00:00.000Z' })
  })
})

describe('probeFifo', () => {
  test('makes a FIFO in the pool, and leaves nothing', async () => {
    expect(await probeFifo(makePool(), environment)).toEqual({})
    expect(readdirSync(folder.join('pool'))).toEqual([])
  })

  test('says why none can be made', async () => {
    folder.write('mkfifo', '#!/bin/sh\necho "mkfifo: Operation not supported" >&2; exit 1\n', 0o700)
    expect(await probeFifo(makePool(), { PATH: folder.path })).toEqual({
      refusal: 'mkfifo: Operation not supported',
    })
    expect(readdirSync(folder.join('pool'))).toEqual([])
  })

  test('tries nothing where there is no pool', async () => {
    expect(await probeFifo(storeAt(), environment)).toBeUndefined()
    expect(readdirSync(folder.path)).toEqual([])
  })
})
