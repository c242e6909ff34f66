/** File systems: which one a path lies on. Source: proc_pid_mountinfo(5). */
import { readFileSync, realpathSync } from 'node:fs'

/** A mounted file system. */
export interface FileSystem {
  /** Its kind: "ext4", "nfs4", "fuse.sshfs". */
  readonly type: string
  /** What is mounted: a device, "server:/export". */
  readonly source: string
  /** Whether other hosts may have it mounted too. */
  readonly isShared: boolean
  /** Whether it is in memory, and gone after a reboot. */
  readonly isVolatile: boolean
}

const SHARED = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb3', '9p', 'virtiofs', 'vboxsf', 'afs', 'ceph', 'lustre', 'gpfs', 'beegfs'],
  ...['panfs', 'orangefs', 'pvfs2', 'ocfs2', 'gfs2', 'wekafs', 'fuse.sshfs', 'fuse.glusterfs', 'fuse.ceph'],
  ...['fuse.ceph-fuse', 'fuse.juicefs', 'fuse.beegfs', 'fuse.s3fs', 'fuse.rclone', 'fuse.davfs'],
])

const VOLATILE = new Set(['tmpfs', 'ramfs'])

/** The file system on which an existing path lies; undefined when the kernel does not tell. */
export function fileSystemOf(path: string): FileSystem | undefined {
  return findMount(readFileSync('/proc/self/mountinfo', 'utf8'), realpathSync(path))
}

/** The mount that holds an absolute path without symlinks: of the longest mount points the last, which covers the others. */
export function findMount(mountinfo: string, path: string): FileSystem | undefined {
  let length = 0
  let found: FileSystem | undefined
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const [, , , , mountPoint] = left.split(' ').map(decodeOctal)
    const [type, source] = right.split(' ').map(decodeOctal)
    if (mountPoint === undefined || type === undefined || source === undefined) continue
    if (mountPoint.length < length || !isWithin(path, mountPoint)) continue
    length = mountPoint.length
    found = { type, source, isShared: SHARED.has(type), isVolatile: VOLATILE.has(type) }
  }
  return found
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** Spaces and the like are written in octal: `\040`. */
function decodeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
}
