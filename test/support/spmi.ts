/**
 * A pool of a test's own and the program to work on it: both artifacts, as a user would call them. What a test has
 * started is killed when it ends, also when it fails.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '../..')

/** The artifacts by name: an argv each. */
export const ARTIFACTS = {
  'dist/spmi': [join(ROOT, 'dist/spmi')],
  'dist/cli.js': ['node', join(ROOT, 'dist/cli.js')],
} as const
export type Artifact = keyof typeof ARTIFACTS

/** Makes `spmi` in a folder, as npm and whoever copies it there would. */
export function installProgram(artifact: Artifact, folder: string): void {
  mkdirSync(folder, { recursive: true })
  symlinkSync(ARTIFACTS[artifact].at(-1) as string, join(folder, 'spmi'))
}

/** What a finished program left. */
export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. @param timeout milliseconds after which it is killed and status is null */
export function runProgram(
  argv: readonly string[],
  options: { environment?: NodeJS.ProcessEnv; input?: string; cwd?: string; timeout?: number } = {},
): Promise<Outcome> {
  const [file = '', ...args] = argv
  return new Promise((done, fail) => {
    const child = spawn(file, args, {
      env: options.environment ?? process.env,
      cwd: options.cwd ?? '/',
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: options.timeout ?? 30_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', text => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', text => (stderr += text))
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
    child.on('error', fail)
    child.on('close', status => done({ status, stdout, stderr }))
  })
}

/** A pool in a temporary directory, with a folder for descriptors beside it. */
export class TestPool {
  readonly folder = mkdtempSync(join(tmpdir(), 'spmi-test-'))
  readonly path = join(this.folder, 'pool')
  readonly artifact: Artifact
  readonly environment: NodeJS.ProcessEnv

  constructor(artifact: Artifact = 'dist/spmi', environment: NodeJS.ProcessEnv = {}) {
    this.artifact = artifact
    const screens = join(this.folder, 'screens')
    mkdirSync(screens, { mode: 0o700 })
    // Sessions and servers of a test's own.
    this.environment = {
      ...process.env,
      SCREENDIR: screens,
      TMUX_TMPDIR: this.folder,
      ...environment,
      SPMI_PATH: this.path,
    }
  }

  /** Runs one command. */
  spmi(...args: readonly string[]): Promise<Outcome> {
    return this.spmiWith({}, ...args)
  }

  /** Runs one command with an input, another directory or another environment. */
  spmiWith(
    options: { input?: string; cwd?: string; environment?: NodeJS.ProcessEnv; timeout?: number },
    ...args: readonly string[]
  ): Promise<Outcome> {
    const environment = { ...this.environment, ...options.environment }
    return runProgram([...ARTIFACTS[this.artifact], ...args], { cwd: this.folder, ...options, environment })
  }

  /** Writes a descriptor. @returns its path */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /** Writes a task's descriptor as JSON and loads it. */
  async load(id: string, wrapper: object, backend: object = { type: 'native' }): Promise<void> {
    const path = this.write(`${id}.json`, JSON.stringify({ task: { id, backend, wrapper } }))
    const { status, stderr } = await this.spmi('load', path)
    if (status !== 0) throw new Error(stderr)
  }

  /** Writes the descriptors of many tasks, by their ids and what is in their wrapper, and loads them at once. */
  async loadAll(
    wrappers: Readonly<Record<string, object>>,
    backend: object = { type: 'native' },
  ): Promise<void> {
    const files = Object.entries(wrappers).map(([id, wrapper]) =>
      this.write(`${id}.json`, JSON.stringify({ task: { id, backend, wrapper } })),
    )
    const { status, stderr } = await this.spmi('load', ...files)
    if (status !== 0) throw new Error(stderr)
  }

  /** The directory of a task's run. */
  runDirectory(id: string, run = 1): string {
    return join(this.path, id, 'runs', String(run))
  }

  /** Kills what is left and removes everything. */
  async dispose(): Promise<void> {
    const isEmpty = !readdirSync(this.folder).includes('pool')
    if (!isEmpty) await this.spmi('kill', '.*')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Polls until something holds. @param milliseconds after which the test fails */
export async function until(holds: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const end = performance.now() + milliseconds
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${holds}`)
    await new Promise(next => setTimeout(next, 5))
  }
}
