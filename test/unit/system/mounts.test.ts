import { describe, expect, test } from 'bun:test'
import { symlinkSync } from 'node:fs'
import { fileSystemOf, findMount } from '../../../src/system/mounts.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()

const MOUNTS = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:50 / /home rw,relatime shared:1 master:2 - nfs4 server:/export/home rw,vers=4.2
41 27 0:51 / /home/ann rw - lustre 10.0.0.1@tcp:/fs rw
42 27 0:52 / /mnt/with\040space\134 rw - fuse.sshfs me@there:/ rw
43 27 0:53 / /mnt/twice rw - ext4 /dev/below rw
44 43 0:54 / /mnt/twice rw - tmpfs tmpfs rw
`

describe('findMount', () => {
  const typeOf = (path: string) => findMount(MOUNTS, path)?.type

  test('finds the mount that is nearest', () => {
    expect(findMount(MOUNTS, '/home/bob/.spmi')).toEqual({
      type: 'nfs4',
      source: 'server:/export/home',
      isShared: true,
      isVolatile: false,
    })
    expect(['/', '/usr', '/home', '/home/ann', '/home/ann/x'].map(typeOf)).toEqual([
      'ext4',
      'ext4',
      'nfs4',
      'lustre',
      'lustre',
    ])
  })

  test('does not take a name for another that begins with it', () => {
    expect(typeOf('/home/anna')).toBe('nfs4')
    expect(typeOf('/homes')).toBe('ext4')
  })

  test('takes what was mounted last in one place', () => {
    expect(findMount(MOUNTS, '/mnt/twice/x')).toMatchObject({
      type: 'tmpfs',
      isVolatile: true,
      isShared: false,
    })
  })

  test('reads names with spaces and backslashes', () => {
    expect(typeOf('/mnt/with space\\/x')).toBe('fuse.sshfs')
  })

  test('finds none where nothing is told', () => {
    expect(findMount('', '/')).toBeUndefined()
  })
})

describe('fileSystemOf', () => {
  test('tells what a path really lies on, also through a link', () => {
    expect(fileSystemOf('/proc/self')).toMatchObject({ type: 'proc', isShared: false })
    symlinkSync('/proc', folder.join('link'))
    expect(fileSystemOf(folder.join('link'))).toMatchObject({ type: 'proc' })
    expect(fileSystemOf(folder.path)?.type).not.toBe('proc')
  })
})
