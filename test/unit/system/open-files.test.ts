import { expect, test } from 'bun:test'
import { closeSync, fstatSync, openSync, renameSync } from 'node:fs'
import { pid } from 'node:process'
import { hasOpen } from '../../../src/system/open-files.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

test('a process has a file open whatever its path is by now, until it closes it', () => {
  const path = folder.write('file', 'x')
  const fd = openSync(path, 'r')
  const identity = fstatSync(fd)
  renameSync(path, folder.join('other'))
  expect(hasOpen(pid, identity)).toBe(true)
  closeSync(fd)
  expect(hasOpen(pid, identity)).toBe(false)
})

test('nothing is known of a process that is not there', () => {
  expect(hasOpen(2 ** 22 + 1, { dev: 0, ino: 0 })).toBeUndefined()
})
