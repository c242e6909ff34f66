/**
 * Runs other programs: the only user of child_process. Every call takes an argv, never a shell string, and has
 * a deadline.
 */

import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { accessSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { asSpmiError, errnoOf, SpmiError } from '../errors.ts'
import { withoutMark } from './limits.ts'
import { signalGroup } from './process.ts'

/** The environment of a process: names to values, whose bytes are those of `byte-text.ts`. */
export type Environment = Readonly<Record<string, string>>

/** How a program is run. */
export interface Launch {
  readonly argv: readonly string[]
  /** The directory in which it is run, where it matters. */
  readonly directory?: string | undefined
}

/** A program that shows something on our terminal and takes what is typed there. */
export interface Attachment extends Launch {
  readonly environment: Environment
  /** What one types to leave it, as people write it: `^A d`. */
  readonly detach: string
}

/** What a finished program left. */
export interface ExecResult {
  /** Exit status; null when a signal ended it or the deadline did. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** True when the deadline passed and the program was killed. */
  readonly timedOut: boolean
}

/** How to run a program. */
export interface ExecOptions {
  readonly environment: Environment
  /** Milliseconds until the program is killed. */
  readonly timeout: number
  /** In a session of its own, so that neither our terminal nor our end reaches it, and of no run, if we are of one. */
  readonly detached?: boolean
  /** What it has started ends with it at the deadline, as far as that is in its process group; only where it is detached. */
  readonly endsGroup?: boolean
  /** Text for its standard input; /dev/null without it. */
  readonly input?: string
  /** Its standard input is ours. */
  readonly sharesInput?: boolean
  /** What is read of what it prints, both by default; the rest goes to /dev/null. To read a stream takes about a millisecond. */
  readonly reads?: 'both' | 'stdout' | 'nothing'
}

/** A program that was run, for those who watch. */
export interface ExecCall {
  readonly argv: readonly string[]
  readonly status: number | null
  readonly milliseconds: number
}

/** Called after each program that was run. */
export const execWatchers = new Set<(call: ExecCall) => void>()

/**
 * Runs a program and waits for its end. Its working directory is `/`, which always exists.
 * @throws SpmiError `system` when the program cannot be started at all
 */
export async function exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const [file = '', ...args] = options.detached ? withoutMark(argv) : argv
  const started = performance.now()
  const covers = options.detached ? coverInherited() : []
  const spawn = loadedSpawn ?? (await loadSpawn()) // at once where it can be: the caller goes on meanwhile
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: '/',
      env: options.environment,
      detached: options.detached ?? false,
      stdio: [inputOf(options), ...outputsOf(options), ...covers],
    })
    let stdout = ''
    let stderr = ''
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      if (options.endsGroup && child.pid) signalGroup(child.pid, 'SIGKILL') // it is not reaped yet, so the number is its own
      child.kill('SIGKILL')
      child.stdout?.destroy() // what it has started may hold them open
      child.stderr?.destroy()
    }, options.timeout)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', error => {
      clearTimeout(timer)
      reject(cannotRun(file, error))
    })
    child.on('close', status => {
      clearTimeout(timer)
      const milliseconds = Math.round(performance.now() - started)
      for (const watch of execWatchers) watch({ argv, status, milliseconds })
      resolve({ status, stdout, stderr, timedOut })
    })
    if (options.input !== undefined) {
      child.stdin?.on('error', () => {}) // EPIPE: the program did not want its input; its status tells
      child.stdin?.end(options.input)
    }
  })
}

function inputOf({ input, sharesInput }: ExecOptions): 'inherit' | 'pipe' | 'ignore' {
  if (sharesInput) return 'inherit'
  return input === undefined ? 'ignore' : 'pipe'
}

function outputsOf({ reads = 'both' }: ExecOptions): ('pipe' | 'ignore')[] {
  return [reads === 'nothing' ? 'ignore' : 'pipe', reads === 'both' ? 'pipe' : 'ignore']
}

/**
 * Lets a program have our terminal, and waits for its end.
 * @param signal what makes it leave the terminal before, if anything does
 * @returns its exit status; null when a signal ended it
 * @throws SpmiError `system` when it cannot be started at all
 */
export async function execOnTerminal(
  { argv, directory = '/', environment }: Omit<Attachment, 'detach'>,
  signal?: AbortSignal,
): Promise<number | null> {
  const [file = '', ...args] = argv
  const spawn = await loadSpawn()
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: directory, env: environment, stdio: 'inherit' })
    const end = () => child.kill('SIGHUP') // as if the terminal went, which such a program expects
    signal?.addEventListener('abort', end)
    child.on('error', error => {
      signal?.removeEventListener('abort', end)
      reject(cannotRun(file, error))
    })
    child.on('exit', status => {
      signal?.removeEventListener('abort', end)
      resolve(status)
    })
  })
}

/** Starts a program; what cannot be started is told by an event, or thrown at once as a SpmiError `system`. */
type Spawn = (
  file: string,
  args: readonly string[],
  options: SpawnOptions & { readonly env: Environment },
) => ChildProcess

let loadedSpawn: Spawn | undefined

/** Loaded when it is used: it is felt at start-up. */
async function loadSpawn(): Promise<Spawn> {
  const { spawn } = await import('node:child_process')
  loadedSpawn = (file, args, options) => {
    // The runtimes can hand on text alone. What else there is could only come as something else, and longer.
    const env = Object.fromEntries(Object.entries(options.env).filter(([, value]) => value.isWellFormed()))
    try {
      return spawn(file, args, { ...options, env })
    } catch (error) {
      throw asSpmiError(error, `cannot run ${file}`) // too large an environment, for example
    }
  }
  return loadedSpawn
}

function cannotRun(file: string, error: Error): SpmiError {
  return new SpmiError('system', `cannot run ${file}: ${error.message}`, { cause: error })
}

/**
 * What a long-lived child gets in place of the files that our caller left open to us: nothing, or /dev/null. A lock or a
 * pipe of the caller would else be held for the life of a task. Bun closes all of them; Node closes those up to 16 and
 * passes on the others (uv_disable_stdio_inheritance of libuv).
 */
function coverInherited(): (number | 'ignore')[] {
  const covers: (number | 'ignore')[] = []
  for (const fd of listOpenFiles().filter(fd => fd > 2 && isInherited(fd))) {
    while (covers.length < fd - 3) covers.push('ignore')
    nowhere ??= openSync('/dev/null', 'r+')
    covers[fd - 3] = nowhere
  }
  return covers
}
let nowhere: number | undefined

function listOpenFiles(): number[] {
  try {
    const names = readdirSync('/proc/self/fd')
    return names.map(Number).sort((a, b) => a - b)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return [] // no /proc
  }
}

/** Whether a file would stay open in a child: it lacks O_CLOEXEC. Source: proc_pid_fdinfo(5); the flags are octal. */
function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false // closed meanwhile: that of the listing itself
  }
}

/** The absolute path of a program, looked up in a list of directories such as $PATH; undefined when it is in none. */
export function findProgram(name: string, path: string): string | undefined {
  for (const directory of path.split(':')) {
    const file = `${directory}/${name}`
    if (!file.startsWith('/')) continue
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {} // not there, or not for us: look further
  }
  return undefined
}

/** What a program's failure says, in one line: its own words where it has any. */
export function explainFailure(program: string, result: ExecResult): string {
  if (result.timedOut) return `${program} did not answer in time`
  const words = result.stderr.trim() || result.stdout.trim()
  return words === '' ? `${program} ended with status ${result.status}` : words.replace(/\s*\n\s*/g, ' | ')
}
