/** Runs of a wrapper without a backend: compiled, started under a shell, watched, and ended with the test. */
import { afterEach } from 'bun:test'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { DefaultWrapper } from '../../../../../src/manageables/task/wrappers/default.ts'
import { TerminalWrapper } from '../../../../../src/manageables/task/wrappers/terminal.ts'
import { type Journal, parseJournal } from '../../../../../src/store/journal.ts'
import { identify, readStat, signalGroup, signalProcess } from '../../../../../src/system/process.ts'
import { RunBearers } from '../../../../../src/system/run-marks.ts'
import { until } from '../../../../support/spmi.ts'
import type { Folder } from '../../../folder.ts'

/** What a test says of a task; the rest has the defaults of a descriptor. */
export interface Task {
  readonly command: string
  readonly mixed_stdout?: boolean
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly env_file?: readonly string[]
  readonly shell?: readonly string[]
  readonly stdin?: string
  readonly columns?: number
  readonly rows?: number
}

/** The start that a test wants; by default with PATH alone. */
export interface Start {
  readonly environment?: Readonly<Record<string, string>>
  readonly umask?: number
  readonly leaked?: readonly string[]
  readonly runsHere?: boolean
  readonly directives?: readonly string[]
  readonly setup?: readonly string[]
  readonly restartCount?: string
  readonly terminalType?: string
  /** Whether the command is on a terminal: then it is run by the terminal wrapper. */
  readonly isOnTerminal?: boolean
}

const PATH = process.env.PATH ?? ''
const wrapper = new DefaultWrapper('default')
const terminalWrapper = new TerminalWrapper('terminal')
let count = 0

/** Compiles a task, and writes nothing. */
export function compile(directory: string, task: Task, start: Start = {}, name = 'spmi-a') {
  const defaults = {
    mixed_stdout: false,
    cwd: '/',
    env: {},
    env_file: [],
    shell: ['sh', '-c'],
    stdin: 'fifo',
    ...(start.isOnTerminal && { mixed_stdout: true, columns: 80, rows: 24 }),
  }
  return (start.isOnTerminal ? terminalWrapper : wrapper).compile({
    name,
    directory,
    environment: start.environment ?? { PATH },
    umask: start.umask ?? 0o022,
    runsHere: start.runsHere ?? true,
    leaked: start.leaked ?? [],
    directives: start.directives ?? [],
    setup: start.setup ?? [],
    restartCount: start.restartCount,
    terminalType: start.terminalType,
    options: { ...defaults, ...task },
  })
}

/** One run's directory, and its wrapper once it is started. */
export class WrapperRun {
  readonly name: string
  readonly directory: string
  #wrapper: ChildProcess | undefined

  constructor(name: string, directory: string) {
    this.name = name
    this.directory = directory
  }

  file(name: string): string {
    return `${this.directory}/${name}`
  }

  read(name: string): string {
    return existsSync(this.file(name)) ? readFileSync(this.file(name), 'utf8') : ''
  }

  get journal(): Journal {
    return parseJournal(this.read('journal'))
  }

  get pid(): number {
    return this.#wrapper?.pid ?? 0
  }

  get output(): NodeJS.ReadableStream {
    if (!this.#wrapper?.stdout) throw new Error('the wrapper was not started')
    return this.#wrapper.stdout
  }

  /** Starts the wrapper, as leader of a session of its own. */
  start(shell: readonly string[], environment: NodeJS.ProcessEnv = { PATH, PWD: '/' }): this {
    const [file = '', ...options] = shell
    this.#wrapper = spawn(file, [...options, this.file('run.sh')], {
      cwd: '/',
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#wrapper.stdout?.resume()
    return this
  }

  /** Sends a signal to the wrapper at this very moment. */
  signalNow(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /**
   * Sends a signal to the wrapper when it waits for its command. (One that comes while a shell returns to its wait is
   * noticed by some shells only when the wait is over.)
   */
  async signal(signal: NodeJS.Signals): Promise<void> {
    await until(() => readStat(this.pid)?.state === 'S')
    this.signalNow(signal)
  }

  /** Writes to the task's input, as somebody else would. */
  type(text: string): void {
    writeFileSync(this.file('stdin'), text)
  }

  /** Waits for the wrapper's end. @returns its exit status */
  async end(): Promise<number | null> {
    const child = this.#wrapper
    if (!child) throw new Error('the wrapper was not started')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }

  /** Waits until the journal says something. */
  async untilJournal(says: (journal: Journal) => unknown): Promise<Journal> {
    await until(() => Boolean(says(this.journal)))
    return this.journal
  }

  kill(): void {
    if (this.#wrapper) signalGroup(this.pid, 'SIGKILL')
    for (const pid of RunBearers.find().naming(this.name)) {
      const member = identify(pid)
      if (member) signalProcess(member, 'SIGKILL')
    }
  }
}

/** Makes runs; what is left of them is killed after each test of the calling file. */
export function useRuns(folder: Folder) {
  const runs: WrapperRun[] = []
  afterEach(() => {
    for (const run of runs.splice(0)) run.kill()
  })
  return {
    /** Compiles a task into the directory of a run. */
    async prepare(task: Task, start: Start = {}): Promise<WrapperRun> {
      const name = `spmi-test-${randomBytes(6).toString('hex')}` // as real ones: it tells the mark
      const directory = folder.join(`run ${++count}`) // a path that must be quoted
      mkdirSync(directory)
      const { script, environment } = await compile(directory, task, start, name)
      writeFileSync(`${directory}/run.sh`, script)
      writeFileSync(`${directory}/env`, environment)
      const run = new WrapperRun(name, directory)
      runs.push(run)
      return run
    },
  }
}

const mount = 'mount -t tmpfs -o size=64k none "$1"'

/** Whether a disk can be made that is soon full. */
export const canMount = spawnSync('unshare', ['-m', 'sh', '-c', mount, 'sh', '/mnt']).status === 0

/** Runs a prepared run to its end on a disk of 64 kB. @returns its journal, and whether the disk is full */
export function runOnSmallDisk(folder: Folder, run: WrapperRun, shell: readonly string[]) {
  const program = `${mount} && cp "$2/run.sh.kept" "$1/run.sh" && cp "$2/env.kept" "$1/env" || exit 9
    directory=$1 kept=$2; shift 2; "$@" "$directory/run.sh"; cp "$directory/journal" "$kept"; df "$directory" >"$kept/df"`
  mkdirSync(folder.join('kept'))
  for (const name of ['run.sh', 'env']) writeFileSync(folder.join(`kept/${name}.kept`), run.read(name))
  const words = ['-m', 'sh', '-c', program, 'sh', run.directory, folder.join('kept'), ...shell]
  const { stderr } = spawnSync('unshare', words, { encoding: 'utf8', env: { PATH, TMPDIR: folder.path } })
  const isFull = /100%/.test(readFileSync(folder.join('kept/df'), 'utf8'))
  return { stderr, isFull, journal: parseJournal(readFileSync(folder.join('kept/journal'), 'utf8')) }
}
