/** A corpus of damages: what may stand in the place of a file of ours. The file itself is put aside, and back again. */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'

export interface Damage {
  readonly name: string
  /** Puts it in the place of a file, which has been moved away. @param original the file's content, where it is a file */
  readonly apply: (path: string, original: Buffer) => void
  /** Whether only root can make it. */
  readonly needsRoot?: boolean
}

const bytes = (name: string, change: (original: Buffer) => Uint8Array | string): Damage => ({
  name,
  apply: (path, original) => {
    writeFileSync(path, change(original), { mode: 0o600 })
    utimesSync(path, 1e9, 1e9) // a journal that is as young as that of a wrapper at its start would be waited for
  },
})

const DEPTH = 100_000

/** What is wrong with the bytes. */
export const CONTENTS: readonly Damage[] = [
  bytes('empty', () => ''),
  bytes('NULs', () => Buffer.alloc(4096)),
  bytes('cut in the middle', original => original.subarray(0, original.length >> 1)),
  bytes('a byte short', original => original.subarray(0, -1)),
  bytes('cut, with a hole', original => {
    const holed = Buffer.from(original)
    return holed.fill(0, holed.length >> 2, holed.length >> 1)
  }),
  bytes('other bytes', original => original.map(byte => byte ^ 0xa5)),
  bytes('BOM', original => Buffer.concat([Buffer.from('\ufeff'), original])),
  bytes('CRLF', original => Buffer.from(original.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')),
  bytes('no line feed', original => Buffer.from(original.toString('latin1').trimEnd(), 'latin1')),
  bytes('deep nesting', () => '['.repeat(DEPTH) + ']'.repeat(DEPTH)),
  bytes('deep nesting, not closed', () => '{"a":'.repeat(DEPTH)),
  bytes(
    '__proto__',
    () => '{"__proto__": {"id": "bad", "comment": "", "by": {}}, "task": {"__proto__": null}}\n',
  ),
  bytes('null', () => 'null\n'),
  bytes('a list', () => '[]\n'),
  bytes('nothing in it', () => '{}\n'),
  bytes('numbers', () => '{"task": {"id": 7}, "name": 7, "at": "x", "by": 7, "id": 7}\n'),
  {
    name: '1 GiB, sparse',
    apply: path => {
      const fd = openSync(path, 'wx', 0o600)
      ftruncateSync(fd, 2 ** 30)
      closeSync(fd)
    },
  },
]

/** What is no file. */
export const PLACES: readonly Damage[] = [
  { name: 'a directory', apply: path => mkdirSync(path, { mode: 0o700 }) },
  {
    name: 'a directory with something in it',
    apply: path => {
      mkdirSync(path, { mode: 0o700 })
      writeFileSync(`${path}/precious`, 'x')
    },
  },
  { name: 'a FIFO', apply: path => make('mkfifo', '-m', '600', path) },
  { name: 'a loop of symlinks', apply: path => symlinkSync(path, path) },
  { name: 'a symlink to nothing', apply: path => symlinkSync('/nowhere/at/all', path) },
  { name: 'a symlink elsewhere', apply: path => symlinkSync('/etc/hostname', path) },
  { name: 'a symlink to what never ends', apply: path => symlinkSync('/dev/zero', path) },
  {
    name: 'a device that never ends',
    needsRoot: true,
    apply: path => make('mknod', '-m', '600', path, 'c', '1', '5'),
  },
  {
    name: 'a device without end or data',
    needsRoot: true,
    apply: path => make('mknod', '-m', '600', path, 'c', '1', '3'),
  },
]

function make(...[program = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args)
  if (status !== 0) throw new Error(String(stderr))
}

/** A file in whose place something else stands for a while. */
export class Damaged {
  readonly path: string
  readonly #aside: string
  readonly #before: string

  /** @param aside where the file lies meanwhile: on the same file system, so that who has it open notices nothing */
  constructor(path: string, aside: string, damage: Damage) {
    this.path = path
    this.#aside = aside
    const original = lstatSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0)
    renameSync(path, aside)
    damage.apply(path, original)
    this.#before = describe(path)
  }

  /** Whether it is still what it was. */
  get isKept(): boolean {
    return describe(this.path) === this.#before
  }

  /** Puts the file back. */
  mend(): void {
    rmSync(this.path, { recursive: true, force: true })
    renameSync(this.#aside, this.path)
  }
}

function describe(path: string): string {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats === undefined ? 'gone' : [stats.ino, stats.mode, stats.size, stats.mtimeMs].join(' ')
}
