import { expect, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { findOwnFolder, hasRightsOfItsOwn, lookAtFolder } from '../../../src/system/folder.ts'
import { useFolder } from '../folder.ts'
import { needs } from '../needs.ts'

const folder = useFolder()
const withRoot = needs('root', process.getuid?.() === 0, 'privilege')

test('a folder is told with its permissions, and whether it is ours', () => {
  mkdirSync(folder.join('a'), { mode: 0o750 })
  expect(lookAtFolder(folder.join('a'))).toEqual({ isOurs: true, mode: 0o750, isWritable: true })
})

test('what is no folder, or is not there, is none', () => {
  expect(lookAtFolder(folder.write('file', ''))).toBeUndefined()
  expect(lookAtFolder(folder.join('absent'))).toBeUndefined()
  expect(lookAtFolder(folder.join('file/below'))).toBeUndefined()
})

withRoot('our own folder is found among those of others', () => {
  for (const name of ['S-ann', 'S-bob', 'other']) mkdirSync(folder.join(name))
  chownSync(folder.join('S-ann'), 1, 1)
  folder.write('S-a', '')
  expect(findOwnFolder(folder.path, 'S-')).toBe(folder.join('S-bob'))
  expect(findOwnFolder(folder.path, 'T-')).toBeUndefined()
  expect(findOwnFolder(folder.join('absent'), 'S-')).toBeUndefined()
})

test('a program that runs with the rights of its owner or group is known', () => {
  const path = folder.write('program', '', 0o700)
  expect(hasRightsOfItsOwn(path)).toBe(false)
  chmodSync(path, 0o2755)
  expect(hasRightsOfItsOwn(path)).toBe(true)
})
