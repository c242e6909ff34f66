/**
 * What a disk may hold after a cut of power, given what was done to it. POSIX promises of a file or directory only what was synced:
 * of all else a file system may have any part, so that every directory may have stopped at another moment than every other one and
 * than every file. Two things none undoes: a rename is there or not, and what was done to one directory, or one file, is there in its
 * order.
 */
import { basename, dirname } from 'node:path'
import type { Random } from './random.ts'
import type { Step } from './recorded-writes.ts'

/** What a path holds. */
export type Content = Uint8Array | 'folder' | 'fifo'

/** A tree of files by their paths; a directory stands before what it holds. */
export type Tree = ReadonlyMap<string, Content>

interface Inode {
  readonly what: 'file' | 'folder' | 'fifo'
  /** All that it has been: of a file its bytes, of a directory its names. Later ones stand later. */
  readonly versions: (Uint8Array | ReadonlyMap<string, Inode>)[]
  /** The index of the version that is on the disk for sure. */
  synced: number
  /** Whether anything of it is on the disk for sure. */
  isSynced: boolean
  /** Where the next byte is written. */
  position: number
}

/** A directory, and the index of its version that something has made. */
interface Change {
  readonly inode: Inode
  readonly version: number
}

/** What survives of an inode: an index from `synced` on, or bytes that are made of several versions. */
type Survival = (inode: Inode) => number | Uint8Array

/** The size in which disks write, in bytes. */
const SECTOR = 512

/** A disk, and what is to become of it. */
export class Disk {
  /** What was moved from one directory to another. */
  readonly #moves: (readonly [Change, Change])[] = []
  readonly #root: Inode = makeInode('folder')

  /** @param base what has been on it for long */
  constructor(base: Tree) {
    for (const [path, content] of base) {
      const what = typeof content === 'string' ? content : 'file'
      this.#link(path, makeInode(what))
      if (typeof content !== 'string') this.#find(path)?.versions.push(content)
    }
    const settle = (inode: Inode) => {
      inode.versions.splice(0, inode.versions.length - 1)
      inode.isSynced = true
      if (inode.what === 'folder') for (const child of namesOf(inode, 0).values()) settle(child)
    }
    settle(this.#root)
  }

  /** Does one step. @returns whether anything is different now */
  apply(step: Step): boolean {
    if (step.kind === 'end') return false
    const inode = this.#find(step.path)
    switch (step.kind) {
      case 'make':
        if (inode === undefined) this.#link(step.path, makeInode(step.what))
        return inode === undefined
      case 'open':
        if (inode) inode.position = 0
        return false
      case 'write': {
        if (inode === undefined) return false
        const old = bytesOf(inode, inode.versions.length - 1)
        const at = step.at === 'end' ? old.length : step.at === 'next' ? inode.position : step.at
        const bytes = Buffer.alloc(Math.max(old.length, at + step.bytes.length))
        bytes.set(old)
        bytes.set(step.bytes, at)
        inode.versions.push(bytes)
        if (typeof step.at !== 'number') inode.position = at + step.bytes.length
        return true
      }
      case 'rename': {
        if (inode === undefined) return false
        const from = this.#change(step.path, names => names.delete(basename(step.path)))
        const to = this.#change(step.to, names => names.set(basename(step.to), inode))
        if (from.inode === to.inode) from.inode.versions.splice(-2, 1)
        else this.#moves.push([from, to])
        return true
      }
      case 'remove':
        this.#change(step.path, names => names.delete(basename(step.path)))
        return true
      case 'sync':
        if (inode) Object.assign(inode, { synced: inode.versions.length - 1, isSynced: true })
        return true
    }
  }

  /** The trees that may be found after a cut now. @param draws how many by chance */
  cut(random: Random, draws: number): Tree[] {
    const last: Survival = ({ versions }) => versions.length - 1
    const least: Survival = ({ synced }) => synced
    const only =
      (what: Inode['what'], survival: Survival, other: Survival): Survival =>
      inode =>
        (inode.what === what ? survival : other)(inode)
    return [
      last, // all in order
      least,
      only('folder', last, least), // names before contents
      only('folder', last, only('file', zeros, least)), // and sizes as well
      only('folder', least, last), // contents before names
      ...Array.from({ length: draws }, () => drawSurvival(random)),
    ].map(survival => this.#read(survival))
  }

  #read(choose: Survival): Tree {
    const survival = this.#keepMovesWhole(choose)
    const tree = new Map<string, Content>()
    const add = (path: string, inode: Inode) => {
      const version = survival(inode)
      if (inode.what === 'folder') {
        if (path !== '') tree.set(path, 'folder')
        for (const [name, child] of namesOf(inode, version as number)) add(`${path}/${name}`, child)
      } else if (inode.what === 'fifo') tree.set(path, 'fifo')
      else tree.set(path, typeof version === 'number' ? bytesOf(inode, version) : version)
    }
    add('', this.#root)
    return tree
  }

  /** Where one directory has what was moved, the other one has it no longer. */
  #keepMovesWhole(choose: Survival): Survival {
    const raised = new Map<Inode, number>()
    const versionOf = (inode: Inode) => Math.max(raised.get(inode) ?? 0, choose(inode) as number)
    for (const move of this.#moves.toReversed())
      if (move.some(({ inode, version }) => versionOf(inode) >= version))
        for (const { inode, version } of move) raised.set(inode, Math.max(version, versionOf(inode)))
    return inode => (raised.has(inode) ? versionOf(inode) : choose(inode))
  }

  #find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.#root
    for (const name of path.split('/').slice(1))
      inode = inode?.what === 'folder' ? namesOf(inode, inode.versions.length - 1).get(name) : undefined
    return inode
  }

  #link(path: string, inode: Inode): void {
    this.#change(path, names => names.set(basename(path), inode))
  }

  #change(path: string, change: (names: Map<string, Inode>) => unknown): Change {
    const folder = this.#find(dirname(path)) ?? (dirname(path) === '/' ? this.#root : undefined)
    if (folder === undefined) throw new Error(`nothing has made the folder of ${path}`)
    const names = new Map(namesOf(folder, folder.versions.length - 1))
    change(names)
    folder.versions.push(names)
    return { inode: folder, version: folder.versions.length - 1 }
  }
}

function makeInode(what: Inode['what']): Inode {
  return {
    what,
    versions: [what === 'folder' ? new Map() : new Uint8Array()],
    synced: 0,
    isSynced: false,
    position: 0,
  }
}

function namesOf({ versions }: Inode, version: number): ReadonlyMap<string, Inode> {
  return versions[version] as ReadonlyMap<string, Inode>
}

function bytesOf({ versions }: Inode, version: number): Uint8Array {
  return versions[version] as Uint8Array
}

/** Of what was never synced the size is there, but nothing that was written. */
function zeros(inode: Inode): Uint8Array {
  if (inode.isSynced) return bytesOf(inode, inode.synced)
  return new Uint8Array(bytesOf(inode, inode.versions.length - 1).length)
}

/** For each inode another moment; of files each sector may be of another one. */
function drawSurvival(random: Random): Survival {
  const drawn = new Map<Inode, number | Uint8Array>()
  return inode => {
    const { synced, versions, what } = inode
    const draw = () => synced + random.below(versions.length - synced)
    const known = drawn.get(inode) ?? (what === 'file' && random.below(2) === 0 ? tear(inode, draw) : draw())
    drawn.set(inode, known)
    return known
  }
}

function tear(inode: Inode, draw: () => number): Uint8Array {
  const bytes = Buffer.from(bytesOf(inode, draw()))
  for (let at = 0; at < bytes.length; at += SECTOR)
    bytes.set(bytesOf(inode, draw()).subarray(at, Math.min(at + SECTOR, bytes.length)), at)
  return bytes
}
