import { beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { Catalog } from '../../../src/core/catalog.ts'
import { toRecord } from '../../../src/core/descriptor.ts'
import { manageableClasses } from '../../../src/manageables/index.ts'
import { TaskManageable } from '../../../src/manageables/task/task.ts'
import { removeAtOnce } from '../../../src/store/hidden.ts'
import { prepareRun } from '../../../src/store/next-run.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'
import { thisProcess } from '../../../src/system/process.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
let catalog: Catalog

beforeEach(() => {
  const store = PoolStore.open(folder.join('pool'), '/')
  catalog = new Catalog({ store, environment: {}, home: '/', umask: 0o22, warn: () => {} }, manageableClasses)
})

function recordOf(id: string, backend = 'native'): string {
  const wrapper = { type: 'default', command: 'true' }
  return toRecord({ type: 'task', table: { id, comment: '', backend: { type: backend }, wrapper } })
}

async function add(...ids: readonly string[]): Promise<void> {
  const source = Buffer.from('')
  await catalog.context.store.add(
    ids.map(id => ({ id, format: 'toml', source, folder: '/', record: recordOf(id) })),
  )
}

/** Puts a damaged record in the place of a good one. */
function damage(id: string, record: string): void {
  folder.write(`pool/${id}/manageable.json`, record)
}

describe('Catalog.list', () => {
  test('a pool that does not exist is empty', async () => {
    expect(await catalog.list()).toEqual({ manageables: [], fresh: new Set(), damaged: [], foreign: [] })
  })

  test('gives objects of the right classes in natural order', async () => {
    await add('t10', 't9', 't1')
    const { manageables } = await catalog.list()
    expect(manageables.map(({ id }) => id)).toEqual(['t1', 't9', 't10'])
    expect(manageables.every(item => item instanceof TaskManageable)).toBe(true)
  })

  test('reads only those whose ids pass the filter', async () => {
    await add('a', 'b')
    damage('b', 'not read')
    const { manageables, damaged } = await catalog.list(id => id === 'a')
    expect([manageables.map(({ id }) => id), damaged]).toEqual([['a'], []])
  })

  test('a damaged record is one error, and the others are listed', async () => {
    const records = [
      '',
      '{',
      'null',
      '[]',
      '1',
      '{}',
      '{"task": 1}',
      '{"task": null}',
      '{"task": {"id": "a"}}',
      recordOf('b'),
    ]
    for (const record of records) {
      await add('a', 'c')
      damage('a', record)
      const { manageables, damaged } = await catalog.list()
      expect([record, manageables.map(({ id }) => id)]).toEqual([record, ['c']])
      expect(damaged.map(({ code }) => code)).toEqual(['damaged'])
      expect(damaged[0]?.message).toStartWith('manageable "a" is damaged: ')
      expect(damaged[0]?.message).toEndWith('; "spmi reload" with its descriptor mends it')
      for (const id of ['a', 'c']) removeAtOnce(catalog.context.store.directoryOf(id))
    }
  })

  test('a record that is larger than any of ours is damaged, and is not read whole', async () => {
    await add('a')
    damage('a', ' '.repeat((1 << 20) + 1))
    expect((await catalog.list()).damaged.map(({ code }) => code)).toEqual(['damaged'])
  })

  test('a record whose backend or kind is gone is an error with its reason', async () => {
    await add('a', 'b')
    damage('a', recordOf('a', 'gone'))
    damage('b', recordOf('b').replace('"task"', '"gone"'))
    const { damaged } = await catalog.list()
    expect(damaged.map(({ message }) => message.slice(0, message.indexOf(';')))).toEqual([
      'manageable "a": unknown backend type "gone"',
      'manageable "b": unknown manageable type "gone"',
    ])
  })

  test('folders and files of somebody else are named and left alone', async () => {
    await add('a')
    mkdirSync(folder.join('pool/old'))
    folder.write('pool/old/meta.json', '{}')
    folder.write('pool/notes.txt', '')
    const { manageables, foreign, damaged } = await catalog.list()
    expect(manageables.map(({ id }) => id)).toEqual(['a'])
    expect([foreign, damaged]).toEqual([['notes.txt', 'old'], []])
  })

  test('hidden names of the pool are no manageables', async () => {
    await add('a')
    mkdirSync(folder.join('pool/.new-1-1-x-1-host'))
    expect((await catalog.list()).foreign).toEqual([])
  })

  test('those that were never started are known to be fresh; the first start ends that', async () => {
    await add('a', 'b')
    prepareRun(catalog.context.store.directoryOf('b'), undefined, {
      script: '',
      environment: '',
      starter: { name: 'x', at: 0, by: thisProcess() },
    })
    const { fresh } = await catalog.list()
    expect([...fresh].map(({ id }) => id)).toEqual(['a'])
  })
})
