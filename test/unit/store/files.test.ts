import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { errnoOf } from '../../../src/errors.ts'
import {
  createFile,
  ensureDirectory,
  isFolder,
  listDirectory,
  readSmallFile,
  replaceEnd,
  replaceFile,
} from '../../../src/store/files.ts'
import {
  makeHiddenDirectory,
  publishDirectory,
  removeDirectory,
  sweepTemporaries,
  temporaryName,
} from '../../../src/store/hidden.ts'
import { type ExactIdentity, identify, thisProcess } from '../../../src/system/process.ts'
import { useChildren } from '../children.ts'
import { useFolder } from '../folder.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()
const children = useChildren()

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)

function errnoFrom(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return errnoOf(error)
  }
  return undefined
}

describe('modes', () => {
  let umask: number
  beforeEach(() => {
    umask = process.umask()
  })
  afterEach(() => {
    process.umask(umask)
  })

  test('files are 0600 and directories 0700, also with an umask of 000', async () => {
    for (const mask of [0o000, 0o002, 0o022, 0o077]) {
      process.umask(mask)
      const at = (name: string) => folder.join(`${name}-${mask}`)
      createFile(at('file'), 'x')
      createFile(at('script'), 'x', 0o700)
      await replaceFile(at('replaced'), 'x')
      ensureDirectory(at('directory'))
      const hidden = makeHiddenDirectory(folder.path, 'new')
      expect(['file', 'script', 'replaced', 'directory'].map(name => modeOf(at(name)))).toEqual([
        '600',
        '700',
        '600',
        '700',
      ])
      expect(modeOf(hidden)).toBe('700')
    }
  })
})

describe('createFile', () => {
  test('never touches what is there, not even a symlink that leads nowhere', () => {
    folder.write('there', 'old')
    symlinkSync(folder.join('victim'), folder.join('link'))
    expect(errnoFrom(() => createFile(folder.join('there'), 'new'))).toBe('EEXIST')
    expect(errnoFrom(() => createFile(folder.join('link'), 'new'))).toBe('EEXIST')
    expect(readFileSync(folder.join('there'), 'utf8')).toBe('old')
    expect(existsSync(folder.join('victim'))).toBe(false)
  })

  test('writes all of a large content', () => {
    const bytes = Buffer.alloc(3 << 20, 'ä')
    createFile(folder.join('large'), bytes)
    expect(readFileSync(folder.join('large')).equals(bytes)).toBe(true)
  })
})

describe('replaceEnd', () => {
  test('replaces the end that is meant in a file that exists, and makes none', () => {
    folder.write('a', 'xyz')
    replaceEnd(folder.join('a'), 'z', '12')
    expect(readFileSync(folder.join('a'), 'utf8')).toBe('xy12')
    for (const end of ['z', '12345']) replaceEnd(folder.join('a'), end, '0')
    expect(readFileSync(folder.join('a'), 'utf8')).toBe('xy12')
    expect(errnoFrom(() => replaceEnd(folder.join('b'), 'z', 'y'))).toBe('ENOENT')
  })

  test('does not follow a symlink', () => {
    folder.write('victim', 'x')
    symlinkSync(folder.join('victim'), folder.join('link'))
    expect(errnoFrom(() => replaceEnd(folder.join('link'), 'x', 'y'))).toBe('ELOOP')
    expect(readFileSync(folder.join('victim'), 'utf8')).toBe('x')
  })
})

describe('replaceFile', () => {
  test('puts a new file in place, so that who has the old one open reads it whole', async () => {
    const path = folder.write('a', 'old')
    const before = statSync(path).ino
    await replaceFile(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).ino).not.toBe(before)
    expect(readdirSync(folder.path)).toEqual(['a'])
  })

  test('replaces a symlink, not what it leads to', async () => {
    folder.write('victim', 'x')
    symlinkSync(folder.join('victim'), folder.join('link'))
    await replaceFile(folder.join('link'), 'y')
    expect(readFileSync(folder.join('victim'), 'utf8')).toBe('x')
    expect(readFileSync(folder.join('link'), 'utf8')).toBe('y')
  })

  test('leaves nothing behind when it fails', async () => {
    mkdirSync(folder.join('a'))
    expect(await replaceFile(folder.join('a'), 'x').catch(error => error.code)).toBe('damaged')
    expect(readdirSync(folder.path)).toEqual(['a'])
  })
})

describe('publishDirectory', () => {
  function hide(content: string): string {
    const hidden = makeHiddenDirectory(folder.path, 'new')
    writeFileSync(`${hidden}/content`, content)
    return hidden
  }

  test('of two that want one name the first gets it, whole', () => {
    const [first, second] = [hide('first'), hide('second')]
    expect(publishDirectory(first, folder.join('name'))).toBe(true)
    expect(publishDirectory(second, folder.join('name'))).toBe(false)
    expect(readFileSync(folder.join('name/content'), 'utf8')).toBe('first')
    expect(readFileSync(`${second}/content`, 'utf8')).toBe('second')
  })

  test('a file or a symlink of that name is not replaced', () => {
    folder.write('file', 'x')
    symlinkSync('/', folder.join('link'))
    expect(publishDirectory(hide(''), folder.join('file'))).toBe(false)
    expect(publishDirectory(hide(''), folder.join('link'))).toBe(false)
    expect(readFileSync(folder.join('file'), 'utf8')).toBe('x')
  })

  test('a parent that is gone is a system error, not a lost race', () => {
    expect(errnoFrom(() => publishDirectory(hide(''), folder.join('gone/name')))).toBe('ENOENT')
  })
})

describe('readSmallFile', () => {
  test('gives the text, or undefined when there is no such file', () => {
    expect(readSmallFile(folder.write('a', 'täxt'))).toBe('täxt')
    expect(readSmallFile(folder.write('b', ''))).toBe('')
    expect(readSmallFile(folder.join('gone'))).toBeUndefined()
    expect(readSmallFile(folder.join('a/b'))).toBeUndefined()
  })

  test('a text longer than one read is whole, letters on the seam included', () => {
    for (const length of [65_535, 65_536, 65_537, 131_072, 200_001]) {
      const text = `${'x'.repeat(length % 2)}${'ä'.repeat(length >> 1)}`
      expect(readSmallFile(folder.write('a', text))).toBe(text)
    }
  })

  test('one that is larger than any of ours is damaged', async () => {
    expect(readSmallFile(folder.write('a', 'x'.repeat(1 << 20)))?.length).toBe(1 << 20)
    folder.write('a', 'x'.repeat((1 << 20) + 1))
    expect((await refusal(() => readSmallFile(folder.join('a')))).code).toBe('damaged')
  })

  test('a FIFO in its place does not block', () => {
    spawnSync('mkfifo', [folder.join('fifo')])
    expect(errnoFrom(() => readSmallFile(folder.join('fifo')))).toBe('damaged')
    expect(readSmallFile(folder.join('fifo'), { links: 'follow' })).toBe('')
  })

  test('follows a symlink only when told to', () => {
    folder.write('a', 'x')
    symlinkSync(folder.join('a'), folder.join('link'))
    expect(errnoFrom(() => readSmallFile(folder.join('link')))).toBe('damaged')
    expect(readSmallFile(folder.join('link'), { links: 'follow' })).toBe('x')
  })

  test('a directory in its place is named, with what to do', async () => {
    expect((await refusal(() => readSmallFile(folder.path))).message).toBe(
      `"${folder.path}" is damaged: it is a directory; move it away`,
    )
  })
})

test('listDirectory and isFolder tell a missing directory from an empty one', () => {
  mkdirSync(folder.join('empty'))
  folder.write('file', '')
  expect(listDirectory(folder.join('empty'))).toEqual([])
  expect(listDirectory(folder.join('gone'))).toBeUndefined()
  expect(listDirectory(folder.join('file/below'))).toBeUndefined()
  expect(errnoFrom(() => listDirectory(folder.join('file')))).toBe('damaged')
  expect(['empty', 'gone', 'file'].map(name => isFolder(folder.join(name)))).toEqual([true, false, false])
})

test('removeDirectory removes symlinks, not what they lead to; what is gone is fine', () => {
  mkdirSync(folder.join('a'))
  mkdirSync(folder.join('b'))
  folder.write('b/precious', 'x')
  symlinkSync(folder.join('b'), folder.join('a/link'))
  removeDirectory(folder.join('a'))
  removeDirectory(folder.join('a'))
  expect(readdirSync(folder.path)).toEqual(['b'])
  expect(readdirSync(folder.join('b'))).toEqual(['precious'])
})

describe('sweepTemporaries', () => {
  /** The name that another process would have given. */
  function nameOf({ pid, start, boot, host }: ExactIdentity, kind = 'new'): string {
    return `.${kind}-${pid}-${start}-${boot.slice(0, 8)}-1-${host}`
  }

  function sweep(...names: readonly string[]): string[] {
    for (const name of names) {
      mkdirSync(folder.join(name))
      folder.write(`${name}/content`, '')
    }
    sweepTemporaries(folder.path, readdirSync(folder.path))
    return readdirSync(folder.path).sort()
  }

  test('its own names have the form that it sweeps', () => {
    expect(temporaryName('gone').replace(/-\d+-([^-]*)$/, '-1-$1')).toBe(nameOf(thisProcess(), 'gone'))
    expect(temporaryName('new')).not.toBe(temporaryName('new'))
  })

  test('what a living maker has under work is left alone', async () => {
    const other = identify(await children.start(['sleep', '60'])) as ExactIdentity
    const names = [nameOf(other), nameOf(other, 'gone'), temporaryName('new')].sort()
    expect(sweep(...names)).toEqual(names)
  })

  test('what a dead maker left is removed', async () => {
    const maker = identify(await children.start(['sleep', '60'])) as ExactIdentity
    await children.end()
    expect(sweep(nameOf(maker), nameOf(maker, 'gone'))).toEqual([])
  })

  test('a maker is dead when its pid is now that of another process', () => {
    expect(sweep(nameOf({ ...thisProcess(), start: thisProcess().start - 1 }))).toEqual([])
  })

  test('a maker of an earlier boot is dead', () => {
    expect(sweep(nameOf({ ...thisProcess(), boot: '00000000-x' }))).toEqual([])
  })

  test('what another host made is left to it', () => {
    const name = nameOf({ ...thisProcess(), host: 'elsewhere', pid: 999_999_999 })
    expect(sweep(name)).toEqual([name])
  })

  test('other names are left alone, hidden or not', () => {
    const names = ['.new', '.new-1', '.newer-1-1-00-1-x', '.spmi', 'new-1-1-00-1-x', 'task']
    expect(sweep(...names)).toEqual(names)
  })
})
