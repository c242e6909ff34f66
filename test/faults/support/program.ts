/**
 * A program that goes on while it is watched from outside: what it prints, how much memory it takes, and when it ends. What it takes is
 * read from /proc by its own pid: what a parent is told of a child counts the memory of the parent as well, from which it was forked.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { findChild } from '../../support/processes.ts'
import { ARTIFACTS, type TestPool, until } from '../../support/spmi.ts'

/** How much of the end of what a program prints is kept, in bytes. */
const KEPT = 1 << 20

/** Milliseconds between two looks at its memory. */
const PAUSE = 5

export interface ProgramOptions {
  /** On a terminal of its own, which script(1) gives it; what it prints on stderr then comes with the rest. */
  readonly isOnTerminal?: boolean
  readonly environment?: NodeJS.ProcessEnv
}

/** A program under watch. */
export class Program {
  /** How many bytes it has printed. */
  size = 0
  /** A checksum of all that it has printed. */
  checksum = 0
  stderr = ''
  /** Its exit status, when it has ended; null when a signal ended it. */
  status: number | null | undefined
  /** The most memory that it had at a time, in megabytes. */
  peak = 0
  /** Milliseconds that it took. */
  time = 0
  readonly #child: ChildProcess
  readonly #isOnTerminal: boolean
  #kept = Buffer.alloc(0)
  #pid: number | undefined

  constructor(argv: readonly string[], { isOnTerminal = false, environment }: ProgramOptions = {}) {
    const words = isOnTerminal ? ['script', '-qefc', `exec ${argv.map(quote).join(' ')}`, '/dev/null'] : argv
    const [file = '', ...args] = words
    const begin = performance.now()
    this.#isOnTerminal = isOnTerminal
    this.#child = spawn(file, args, { env: environment ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdin?.on('error', () => {}) // it may have ended
    this.#child.stderr?.setEncoding('utf8').on('data', text => (this.stderr += text))
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#take(bytes))
    const timer = setInterval(() => this.#measure(), PAUSE)
    this.#child.on('close', status => {
      clearInterval(timer)
      this.time = performance.now() - begin
      this.status = status
    })
  }

  /** The last of what it has printed, byte by byte as Latin-1. */
  get printed(): string {
    return this.#kept.toString('latin1')
  }

  /** Types, or gives it input. */
  type(input: string | Uint8Array): void {
    this.#child.stdin?.write(input)
  }

  /** Ends its input. */
  endInput(): void {
    this.#child.stdin?.end()
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#pid !== undefined) process.kill(this.#pid, signal)
    else this.#child.kill(signal)
  }

  async shows(text: string): Promise<void> {
    await until(() => this.printed.includes(text), 60_000).catch(() => {
      throw new Error(`"${text}" is not in ${JSON.stringify(this.printed.slice(-2000))}, ${this.stderr}`)
    })
  }

  /** Waits for its end. @returns its exit status */
  async ends(milliseconds = 60_000): Promise<number | null> {
    await until(() => this.status !== undefined, milliseconds)
    return this.status ?? null
  }

  /** Ends it in any case. */
  dispose(): void {
    if (this.status === undefined) this.#child.kill('SIGKILL')
  }

  #take(bytes: Buffer): void {
    this.size += bytes.length
    this.checksum = crc32(bytes, this.checksum)
    const kept = bytes.length >= KEPT ? bytes : Buffer.concat([this.#kept, bytes])
    this.#kept = Buffer.from(kept.subarray(-KEPT))
  }

  #measure(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    this.#pid ??= this.#isOnTerminal ? findChild(pid) : pid
    try {
      const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
      this.peak = Math.max(this.peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024)
    } catch {
      // It has ended.
    }
  }
}

/** The programs of a test on a pool, which end with it. */
export class Programs {
  readonly #pool: TestPool
  readonly #started: Program[] = []

  constructor(pool: TestPool) {
    this.#pool = pool
  }

  /** Runs SPMI under watch. */
  spmi(words: readonly string[], options: ProgramOptions = {}): Program {
    return this.start([...ARTIFACTS[this.#pool.artifact], ...words], options)
  }

  /** Runs any program under watch. */
  start(argv: readonly string[], options: ProgramOptions = {}): Program {
    const environment = { ...this.#pool.environment, ...options.environment }
    const program = new Program(argv, { ...options, environment })
    this.#started.push(program)
    return program
  }

  async dispose(): Promise<void> {
    for (const program of this.#started) program.dispose()
    await this.#pool.dispose()
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
