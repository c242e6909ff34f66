/**
 * What the benchmarks work in: a temporary directory with copies of the artifacts (the originals may be built anew
 * meanwhile) and an environment that keeps every program away from the user's own files and sessions. `dispose` ends
 * everything that was started in it and removes it; it is synchronous, so that it also serves ^C.
 */
import { randomInt, randomUUID } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { killMarked, MARK_VARIABLE } from './marked-processes.ts'
import { time } from './measure.ts'

const ROOT = resolve(import.meta.dir, '..')

export const BUN = join(ROOT, 'node_modules/bun/bin/bun.exe')

/** Bytes that a whole run needs: the artifacts, 200 MB of output, 12,000 loaded tasks. */
const MEMORY_NEEDED = 2 ** 30

/** How many descriptors one `spmi load` gets. */
const BATCH = 1000

type Environment = Readonly<Record<string, string | undefined>>

/** A temporary directory and what is needed to run programs in it. */
export class Scratch {
  /** Short, because screen and tmux put sockets into it. */
  readonly folder = mkdtempSync(join(chooseParent(), 'spmib-'))
  readonly spmi = join(this.folder, 'spmi')
  readonly cli = join(this.folder, 'cli.mjs')
  readonly environment: Environment
  readonly #mark = randomUUID()
  readonly #ends: (() => unknown)[] = []
  readonly #log = join(this.folder, 'log')
  readonly #logFd = openSync(this.#log, 'a')

  constructor() {
    copyFileSync(join(ROOT, 'dist/spmi'), this.spmi)
    copyFileSync(join(ROOT, 'dist/cli.js'), this.cli)
    const { folder } = this
    const screens = this.makeFolder('s')
    const own = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, XDG_RUNTIME_DIR: folder }
    this.environment = {
      ...process.env,
      ...own,
      SCREENDIR: screens,
      TMUX_TMPDIR: folder,
      [MARK_VARIABLE]: this.#mark,
    }
  }

  /** The mark of everything that is started here. */
  get mark(): string {
    return this.#mark
  }

  /** Makes a folder, 0700. @returns its path */
  makeFolder(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }

  /** Writes a file. @returns its path */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /**
   * Runs a program to its end.
   * @returns milliseconds that it took
   * @throws when its status is not 0, with what it said
   */
  async run(argv: readonly string[], environment: Environment = {}): Promise<number> {
    const logged = fstatSync(this.#logFd).size
    return time(async () => {
      const child = this.spawn(argv, environment)
      const status = await child.exited
      if (status !== 0)
        throw new Error(`${argv.slice(0, 4).join(' ')} ended with status ${status}: ${this.#readLog(logged)}`)
    })
  }

  /** Starts a program, to be waited for by the caller. */
  spawn(argv: readonly string[], environment: Environment = {}): Bun.Subprocess {
    const env = { ...this.environment, ...environment }
    return Bun.spawn([...argv], { cwd: this.folder, env, stdio: ['ignore', 'ignore', this.#logFd] })
  }

  /** Runs a script by sh. @param args its positional parameters */
  sh(script: string, args: readonly string[] = [], environment: Environment = {}): Promise<number> {
    return this.run(['sh', '-c', script, 'bench', ...args], environment)
  }

  /** A pool of its own in this directory. */
  makePool(name: string, environment: Environment = {}): BenchPool {
    return new BenchPool(this, name, environment)
  }

  /** Has something ended before everything else is: daemons that do not bear our mark. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Ends everything that was started and removes everything that was written. Can be called again. */
  dispose(): void {
    for (const end of this.#ends.splice(0)) end()
    killMarked(this.#mark)
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** What was said since the log had this size, in one line. */
  #readLog(from: number): string {
    return readFileSync(this.#log).subarray(from).toString().trim().split('\n').slice(-4).join(' | ')
  }
}

/**
 * $TMPDIR where it is set; else memory, where there is enough of it and programs can be run from it; else /tmp. A disk
 * counts what others did to it: ext4 without a journal takes a millisecond for each new file for minutes after many
 * were deleted, and the floors make no files.
 */
function chooseParent(): string {
  const memory = '/dev/shm'
  if (process.env.TMPDIR !== undefined || !existsSync(memory)) return tmpdir()
  const { bavail, bsize } = statfsSync(memory)
  if (bavail * bsize < MEMORY_NEEDED || !canExecuteIn(memory)) return tmpdir()
  return memory
}

function canExecuteIn(folder: string): boolean {
  const trial = mkdtempSync(join(folder, 'spmib-'))
  try {
    const program = join(trial, 'true')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 })
    return Bun.spawnSync([program]).success
  } catch {
    return false // mounted noexec, or not for us
  } finally {
    rmSync(trial, { recursive: true, force: true })
  }
}

/** A pool and the program to work on it. */
export class BenchPool {
  readonly path: string
  readonly #scratch: Scratch
  readonly #environment: Environment
  readonly #descriptors: string

  constructor(scratch: Scratch, name: string, environment: Environment) {
    this.#scratch = scratch
    this.#environment = environment
    this.path = join(scratch.folder, `pool-${name}`)
    this.#descriptors = scratch.makeFolder(`descriptors-${name}`)
  }

  /** Runs one command of SPMI. @returns milliseconds that it took */
  spmi(...args: readonly string[]): Promise<number> {
    return this.run([this.#scratch.spmi, ...args])
  }

  /** Runs a program on this pool. @returns milliseconds that it took */
  run(argv: readonly string[]): Promise<number> {
    return this.#scratch.run(argv, { ...this.#environment, SPMI_PATH: this.path })
  }

  /** Starts a program on this pool, to be waited for by the caller. */
  spawn(argv: readonly string[]): Bun.Subprocess {
    return this.#scratch.spawn(argv, { ...this.#environment, SPMI_PATH: this.path })
  }

  /** Loads tasks that run one and the same command. @returns milliseconds that loading took */
  async load(ids: readonly string[], command: string, backend = 'native'): Promise<number> {
    const paths = ids.map(id => {
      const path = join(this.#descriptors, `${id}.toml`)
      writeFileSync(path, renderDescriptor(id, command, backend))
      return path
    })
    let spent = 0
    for (let from = 0; from < paths.length; from += BATCH)
      spent += await this.spmi('load', ...paths.slice(from, from + BATCH))
    return spent
  }

  /** What the wrapper of a run has recorded. */
  readJournal(id: string, run: number): string {
    return readFileSync(join(this.runFolder(id, run), 'journal'), 'utf8')
  }

  /** The directory of a run. */
  runFolder(id: string, run: number): string {
    return join(this.path, id, 'runs', String(run))
  }
}

function renderDescriptor(id: string, command: string, backend: string): string {
  return `[task]
id = ${JSON.stringify(id)}
comment = "One of many"
[task.backend]
type = ${JSON.stringify(backend)}
[task.wrapper]
type = "default"
command = ${JSON.stringify(command)}
`
}

/** Ids `t1`, `t2`, … */
export function makeIds(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `t${first + index}`)
}

/** How long a sleep is to last: five minutes, and a fraction that no other has. */
export function makeSleepTime(): string {
  return `300.${randomInt(1_000_000, 9_999_999)}`
}

/** A plain loop in sh, the floor of a start: each command in a session of its own. $1 the command, $2 how many. */
export const PLAIN_LOOP = 'i=0; while [ $i -lt "$2" ]; do setsid sh -c "$1" & i=$((i+1)); done'
