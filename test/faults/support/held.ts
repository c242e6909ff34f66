/** A command of SPMI that is stopped right after one of its system calls, and goes on when it is told to. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Outcome, runProgram, type TestPool, until } from '../../support/spmi.ts'

/** After which call it is stopped. */
export interface Moment {
  /** Its name: `openat`. */
  readonly call: string
  /** The path that it is about. */
  readonly path: string
  /** Which of those calls; the first one by default. */
  readonly time?: number
  /** What becomes the command: the beginning of an argv. */
  readonly through?: readonly string[]
}

/** Notes its pid, and becomes the rest of its argv. */
const SELF = 'echo $$ >"$0"; exec "$@"'

let made = 0

/** Needs strace(1), which sends it SIGSTOP. */
export class Held {
  readonly #outcome: Promise<Outcome>
  readonly #log: string

  private constructor(log: string, outcome: Promise<Outcome>) {
    this.#log = log
    this.#outcome = outcome
  }

  /** Runs a command until that moment. @throws when it ends before */
  static async start(
    pool: TestPool,
    { call, path, time = 1, through = [] }: Moment,
    ...args: readonly string[]
  ): Promise<Held> {
    const log = join(pool.folder, `held-${++made}`)
    const inject = `inject=${call}:signal=SIGSTOP:when=${time}`
    // Not what it forks (-f): that may live long. Files are its main thread's, and a stop is that of all threads.
    const strace = ['strace', '-qq', '-o', log, '-e', `trace=${call}`, '-e', inject, '-P', path]
    const self = ['sh', '-c', SELF, `${log}.pid`]
    const argv = [...strace, ...self, ...through, ...ARTIFACTS[pool.artifact], ...args]
    const outcome = runProgram(argv, { environment: pool.environment, cwd: pool.folder, timeout: 100_000 })
    const held = new Held(log, outcome)
    let ended: Outcome | undefined
    void outcome.then(result => (ended = result))
    await until(() => held.#isStopped || ended !== undefined, 60_000)
    if (ended) throw new Error(`it ended before it called ${call} on ${path}: ${JSON.stringify(ended)}`)
    return held
  }

  /** Lets it go on. @returns how it ended */
  release(): Promise<Outcome> {
    return this.#end('SIGCONT')
  }

  /** Ends it, as a crash does. */
  async crash(): Promise<void> {
    await this.#end('SIGKILL')
  }

  #end(signal: NodeJS.Signals): Promise<Outcome> {
    process.kill(Number(readFileSync(`${this.#log}.pid`, 'utf8')), signal)
    return this.#outcome
  }

  get #isStopped(): boolean {
    try {
      return readFileSync(this.#log, 'utf8').includes('--- stopped by SIGSTOP ---')
    } catch {
      return false // strace has not made it yet
    }
  }
}
