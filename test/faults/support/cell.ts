/**
 * A cell: a namespace of process ids of a test's own, with a /proc of its own, and a pool in it. What a command does in it
 * can be repeated call by call, because nobody else comes and goes in its /proc; and nothing outlives it. Needs root.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Outcome, runProgram, TestPool } from '../../support/spmi.ts'
import { Witness } from './witness.ts'

/** Its first process, which lets the kernel reap what is orphaned, and takes all others with it when its input ends. */
const INIT = '$| = 1; $SIG{CHLD} = "IGNORE"; print "ready\\n"; <STDIN>'

export class Cell {
  readonly pool = new TestPool()
  readonly witness = new Witness(this.pool.folder)
  readonly #process: ChildProcess
  #init = 0

  private constructor() {
    const argv = ['--pid', '--fork', '--kill-child', '--mount-proc', 'perl', '-e', INIT]
    this.#process = spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'ignore'] })
  }

  /** Why there cannot be one here; undefined when there can. */
  static refuse(): string | undefined {
    const { status } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'])
    return status === 0 ? undefined : 'a namespace of process ids needs root, and a container that allows it'
  }

  static async open(): Promise<Cell> {
    const cell = new Cell()
    const { pid, stdout } = cell.#process
    if (stdout) await once(stdout, 'data')
    cell.#init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    return cell
  }

  /** Runs a program in it. Its working directory is `/`. */
  run(argv: readonly string[], input?: string, environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    const enter = ['nsenter', '--target', String(this.#init), '--pid', '--mount']
    return runProgram([...enter, ...argv], {
      environment: { ...this.pool.environment, ...environment },
      ...(input === undefined ? {} : { input }),
    })
  }

  /** Runs one command of ours in it. */
  spmi(...args: readonly string[]): Promise<Outcome> {
    return this.run([...ARTIFACTS['dist/spmi'], ...args])
  }

  /** Puts the pool aside under a name. */
  save(name: string): void {
    copy(this.pool.path, join(this.pool.folder, name))
  }

  /** Puts a pool that was put aside in the place of the pool, or none. */
  restore(name?: string): void {
    rmSync(this.pool.path, { recursive: true, force: true })
    if (name !== undefined) copy(join(this.pool.folder, name), this.pool.path)
  }

  /** How many runs of the witness's command live: its processes, without those that another one has begun. */
  countRuns(): number {
    const runs = this.#processes().filter(({ words }) => words.includes(this.witness.mark))
    const pids = new Set(runs.map(({ pid }) => pid))
    return runs.filter(({ parent }) => !pids.has(parent)).length
  }

  /** All that lives in it besides its first process. */
  living(): string[] {
    return this.#processes().map(({ pid, words }) => `${pid} ${words.slice(0, 100).replaceAll('\0', ' ')}`)
  }

  /** Its living processes besides the first one, with their argv and environment. */
  #processes(): { readonly pid: number; readonly parent: number; readonly words: string }[] {
    const proc = `/proc/${this.#init}/root/proc`
    const pids = readdirSync(proc)
      .map(Number)
      .filter(pid => pid > 1)
    return pids.flatMap(pid => {
      try {
        const read = (name: string) => readFileSync(`${proc}/${pid}/${name}`, 'latin1')
        const stat = read('stat')
        const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if ('ZX'.includes(state)) return []
        return [{ pid, parent: Number(parent), words: `${read('cmdline')}\0${read('environ')}` }]
      } catch {
        return [] // gone meanwhile
      }
    })
  }

  /** What half of something has left in the pool under a hidden name. */
  leftovers(): string[] {
    if (!existsSync(this.pool.path)) return []
    const names = readdirSync(this.pool.path, { recursive: true, encoding: 'utf8' })
    return names.filter(name => /(^|\/)\.(new|gone|reload)[^/]*$/.test(name))
  }

  dispose(): void {
    this.#process.kill('SIGKILL')
    rmSync(this.pool.folder, { recursive: true, force: true })
  }
}

/** A copy of a folder with all that is in it, FIFOs as well. */
function copy(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}
