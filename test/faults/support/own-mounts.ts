/**
 * File systems of a test's own, in a mount namespace of their own: nobody else sees them, and they are gone with the process that holds
 * it. Their files are read through /proc/PID/root, and programs run among them by nsenter(1).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARTIFACTS, type Outcome, runProgram } from '../../support/spmi.ts'

/** Seconds after which a namespace that a test has forgotten ends. */
const LIFETIME = 600

/** Why a test cannot mount here; undefined where it can. @param script what it wants to do in $1, an empty folder */
export function refuseMounts(script = 'mount -t tmpfs none "$1"'): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spmi-mount-'))
  const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', script, 'sh', folder], {
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true, force: true })
  return status === 0 ? undefined : `cannot mount: ${stderr.trim()}`
}

/** A mount namespace, with a folder in which it mounts. */
export class OwnMounts {
  /** As programs in the namespace name it. */
  readonly folder = mkdtempSync(join(tmpdir(), 'spmi-mounts-'))
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  static async make(): Promise<OwnMounts> {
    const holder = spawn('unshare', ['-m', 'sh', '-c', `echo; exec sleep ${LIFETIME}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise(ready => holder.stdout?.once('data', ready))
    return new OwnMounts(holder)
  }

  /** The same path as this test can read it. */
  outside(path: string): string {
    return `/proc/${this.#holder.pid}/root${path}`
  }

  /** Runs a program among the mounts. @param folder in which it runs */
  run(argv: readonly string[], environment: NodeJS.ProcessEnv = {}, folder = '/'): Promise<Outcome> {
    const enter = ['nsenter', '-t', String(this.#holder.pid), '-m', `--wd=${this.outside(folder)}`, '--']
    return runProgram([...enter, ...argv], { environment: { ...process.env, ...environment } })
  }

  /** Runs a script of sh in the folder. @throws when it fails */
  async sh(script: string, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run([
      'sh',
      '-c',
      `cd "$0" && ${script}`,
      this.folder,
      ...args,
    ])
    if (status !== 0) throw new Error(`${script} ended with status ${status}: ${stderr}`)
    return stdout
  }

  /** Runs a command of SPMI on a pool among the mounts. */
  spmi(pool: string, ...args: readonly string[]): Promise<Outcome> {
    return this.run([...ARTIFACTS['dist/spmi'], ...args], { SPMI_PATH: pool })
  }

  /** The same, in a folder. */
  spmiIn(folder: string, pool: string, ...args: readonly string[]): Promise<Outcome> {
    return this.run([...ARTIFACTS['dist/spmi'], ...args], { SPMI_PATH: pool }, folder)
  }

  /** Takes all mounts away. What still runs among them must have been ended. */
  dispose(): void {
    this.#holder.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
