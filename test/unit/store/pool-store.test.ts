import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { type LoadContent, PoolStore } from '../../../src/store/pool-store.ts'
import { useFolder } from '../folder.ts'
import { needs } from '../needs.ts'
import { race } from '../race.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()
const withRoot = needs('root', process.getuid?.() === 0, 'privilege')

const open = () => PoolStore.open('pool', folder.path)
const content = (id: string, text = `${id}\n`): LoadContent => ({
  id,
  format: 'toml',
  source: Buffer.from(text),
  folder: '/folder',
  record: `{"task": {"id": "${id}"}}\n`,
})
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function makePool(mode: number, ...files: readonly string[]): void {
  mkdirSync(folder.join('pool'))
  for (const file of files) folder.write(`pool/${file}`, '')
  chmodSync(folder.join('pool'), mode)
}

describe('PoolStore.open', () => {
  test('a pool that does not exist is empty, and is not made', () => {
    const store = open()
    expect([store.path, store.listIds(), store.has('a')]).toEqual([folder.join('pool'), [], false])
    expect(existsSync(store.path)).toBe(false)
  })

  test('what is no directory is refused', async () => {
    folder.write('pool', '')
    const { code, message } = await refusal(open)
    expect([code, message]).toEqual([
      'pool',
      `the pool "${folder.join('pool')}" is not a directory; set $SPMI_PATH to one`,
    ])
  })

  test('one that others may read, list or write is refused, with what closes it', async () => {
    for (const mode of [0o755, 0o750, 0o701, 0o770, 0o777, 0o740]) {
      makePool(mode, 'content')
      const { code, message } = await refusal(open)
      expect([code, message]).toEqual([
        'pool',
        `the pool "${folder.join('pool')}" is open to other users; chmod 700 "${folder.join('pool')}" closes it`,
      ])
      chmodSync(folder.join('pool'), 0o700)
      Bun.spawnSync(['rm', folder.join('pool/content')])
      expect(readdirSync(folder.join('pool'))).toEqual([])
      Bun.spawnSync(['rmdir', folder.join('pool')])
    }
  })

  test('an empty directory that was made with mkdir is taken, and closed by the first load', async () => {
    makePool(0o755)
    const store = open()
    await store.add([content('a')])
    expect(modeOf(store.path)).toBe('700')
  })

  test('an empty directory into which others may write is refused', async () => {
    makePool(0o777)
    expect((await refusal(open)).code).toBe('pool')
  })

  withRoot('one that belongs to somebody else is refused', async () => {
    makePool(0o700)
    chownSync(folder.join('pool'), 12_345, 12_345)
    expect((await refusal(open)).message).toContain('belongs to another user')
  })

  test('one that a newer version made is refused, and nothing in it is touched', async () => {
    await open().add([content('a')])
    folder.write('pool/.spmi/format', '2\n')
    const { code, message } = await refusal(open)
    expect([code, message]).toEqual([
      'pool',
      `the pool "${folder.join('pool')}" was made by a newer SPMI (format 2); use that version, or another $SPMI_PATH`,
    ])
  })

  test('a parent that does not exist is said when something is loaded', async () => {
    const store = PoolStore.open('gone/pool', folder.path)
    expect((await refusal(() => store.add([content('a')]))).message).toBe(
      `the pool "${folder.join('gone/pool')}" cannot be made: its parent folder does not exist`,
    )
  })
})

describe('PoolStore.add', () => {
  test('stores the bytes, the record and the time, for nobody else to read', async () => {
    const before = Date.now()
    const store = open()
    await store.add([content('a', 'bytes \xff\n')])
    expect(readdirSync(folder.join('pool/a')).sort()).toEqual([
      'descriptor.toml',
      'loaded',
      'manageable.json',
    ])
    expect(readFileSync(folder.join('pool/a/descriptor.toml'), 'utf8')).toBe('bytes \xff\n')
    expect(store.readRecord('a')).toBe('{"task": {"id": "a"}}\n')
    expect(store.readLoadTime('a')?.getTime()).toBeGreaterThanOrEqual(before)
    for (const path of ['pool', 'pool/a', 'pool/.spmi', 'pool/.spmi/plugins'])
      expect([path, modeOf(folder.join(path))]).toEqual([path, '700'])
    expect(modeOf(folder.join('pool/a/manageable.json'))).toBe('600')
    expect(readFileSync(folder.join('pool/.spmi/format'), 'utf8')).toBe('1\n')
  })

  test('all are loaded, or none', async () => {
    const store = open()
    await store.add([content('c')])
    const { code, message } = await refusal(() =>
      store.add([content('a'), content('b'), content('c', 'other')]),
    )
    expect([code, message]).toEqual([
      'exists',
      'manageable "c" is already loaded; "spmi reload" replaces its descriptor, "spmi clean c" removes it',
    ])
    expect(readdirSync(store.path).sort()).toEqual(['.spmi', 'c'])
    expect(readFileSync(folder.join('pool/c/descriptor.toml'), 'utf8')).toBe('c\n')
  })

  test('the same id twice in one load is refused', async () => {
    const store = open()
    expect((await refusal(() => store.add([content('a'), content('a')]))).code).toBe('exists')
    expect(store.listIds()).toEqual([])
  })

  test('what somebody has started meanwhile is not taken back', async () => {
    const store = open()
    await store.add([content('b')])
    const contents = [content('a'), content('b')]
    // Started between the two renames: the first one's runs are there when the second one fails.
    Object.defineProperty(contents, 1, {
      get: () => {
        if (store.has('a')) mkdirSync(folder.join('pool/a/runs'), { recursive: true })
        return content('b')
      },
    })
    expect((await refusal(() => store.add(contents))).code).toBe('exists')
    expect(store.has('a')).toBe(true)
  })

  test('a symlink or a file of that name is not replaced', async () => {
    await open().add([content('x')])
    symlinkSync(folder.path, folder.join('pool/link'))
    folder.write('pool/file', 'x')
    for (const id of ['link', 'file'])
      expect((await refusal(() => open().add([content(id)]))).code).toBe('exists')
  })

  test('sweeps what a dead maker left', async () => {
    await open().add([content('a')])
    const { host } = { host: readFileSync('/proc/sys/kernel/hostname', 'utf8').trim() }
    mkdirSync(folder.join(`pool/.new-1-1-00000000-1-${host}`))
    await open().add([content('b')])
    expect(readdirSync(folder.join('pool')).sort()).toEqual(['.spmi', 'a', 'b'])
  })

  test('of many processes that load one id at once exactly one does', async () => {
    const statuses = await race('add', 10, folder.join('pool'), 'a')
    expect(statuses.filter(status => status === 0)).toHaveLength(1)
    expect(statuses.filter(status => status === 3)).toHaveLength(9)
    expect(readdirSync(folder.join('pool')).sort()).toEqual(['.spmi', 'a'])
  }, 20_000)
})

describe('PoolStore.replace', () => {
  test('puts a new descriptor and record in place, and keeps the runs', async () => {
    const store = open()
    await store.add([content('a')])
    mkdirSync(folder.join('pool/a/runs'))
    folder.write('pool/a/runs/output', 'precious')
    await store.replace({ ...content('a', 'new\n'), format: 'yaml', record: '{"new": 1}\n' })
    expect(readdirSync(folder.join('pool/a')).sort()).toEqual([
      'descriptor.yaml',
      'loaded',
      'manageable.json',
      'runs',
    ])
    expect(readFileSync(folder.join('pool/a/runs/output'), 'utf8')).toBe('precious')
    expect(JSON.parse(store.readRecord('a') ?? '')).toEqual({ new: 1 })
  })

  describe('which somebody has broken off', () => {
    const broken = async (...files: readonly string[]) => {
      const store = open()
      await store.add([content('a')])
      mkdirSync(folder.join('pool/a/.reload'))
      for (const file of files)
        folder.write(
          `pool/a/${file}`,
          file.endsWith('loaded') ? `${new Date(0).toISOString()}\n/new\n` : 'new\n',
        )
      return store
    }
    const read = (store: PoolStore) => [
      store.readDescriptor('a')?.text,
      store.readFolder('a'),
      store.readRecord('a'),
    ]
    const old = ['a\n', '/folder', '{"task": {"id": "a"}}\n']
    const changed = ['new\n', '/new', 'new\n']

    test('has changed nothing before the record is in its place', async () => {
      const files = ['.reload/descriptor.yaml', '.reload/loaded', '.reload/manageable.json']
      expect(read(await broken(...files))).toEqual(old)
    })

    test('has changed all once the record is in its place, whatever else has followed it', async () => {
      expect(read(await broken('manageable.json', '.reload/descriptor.yaml', '.reload/loaded'))).toEqual(
        changed,
      )
    })

    test('has changed all also when the files of before are still there', async () => {
      const store = await broken('manageable.json', '.reload/loaded')
      folder.write('pool/a/descriptor.toml', 'new\n')
      expect(read(store)).toEqual(changed)
    })

    test('is finished by the next one, which leaves nothing of either', async () => {
      const left = `.new-${2 ** 22 + 1}-1-abcd-1-${readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()}`
      const store = await broken('manageable.json', '.reload/descriptor.yaml', '.reload/loaded', left)
      await store.replace({ ...content('a', 'next\n'), format: 'json', folder: '/next' })
      expect(read(store).slice(0, 2)).toEqual(['next\n', '/next'])
      expect(readdirSync(folder.join('pool/a')).sort()).toEqual([
        'descriptor.json',
        'loaded',
        'manageable.json',
      ])
    })

    test('is no obstacle where it has not even begun to fill its directory', async () => {
      const store = await broken()
      await store.replace(content('a', 'next\n'))
      expect(store.readDescriptor('a')?.text).toBe('next\n')
      expect(readdirSync(folder.join('pool/a')).sort()).toEqual([
        'descriptor.toml',
        'loaded',
        'manageable.json',
      ])
    })
  })
})

describe('PoolStore.hide', () => {
  test('takes a manageable away with all that it holds, unless it may not go', async () => {
    const store = open()
    await store.add([content('a'), content('b')])
    mkdirSync(folder.join('pool/a/runs/1'), { recursive: true })
    expect(store.hide('a', () => false)).toBeUndefined()
    expect(store.listIds().sort()).toEqual(['a', 'b'])
    const hidden = store.hide('a') ?? ''
    expect([store.listIds(), readdirSync(hidden).includes('runs')]).toEqual([['b'], true])
  })
})

describe('reading', () => {
  test('hidden names are no ids', async () => {
    await open().add([content('a')])
    mkdirSync(folder.join('pool/.hidden'))
    expect(open().listIds()).toEqual(['a'])
  })

  test('what is not there is undefined, and what is damaged is an error', async () => {
    const store = open()
    await store.add([content('a')])
    expect([store.readRecord('b'), store.readLoadTime('b')]).toEqual([undefined, undefined])
    folder.write('pool/a/loaded', 'yesterday')
    expect((await refusal(() => store.readLoadTime('a'))).code).toBe('damaged')
  })
})
