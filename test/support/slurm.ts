/**
 * A Slurm of a test's own, by scripts/slurm.sh: controller and node on this machine, with a folder, ports and a munge of
 * their own. It ends with the process of the test, however that ends.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runProgram } from './spmi.ts'

export const SCRIPT = resolve(import.meta.dir, '../../scripts/slurm.sh')
const DAEMONS = ['munged', 'slurmctld', 'slurmd']

/** One machine's Slurm with 256 virtual CPUs. Clients find it by SLURM_CONF alone. */
export class SlurmCluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'spmi-slurm-'))
  readonly environment = { SLURM_CONF: join(this.folder, 'slurm.conf') }
  readonly #settings: readonly string[]
  #end: (() => Promise<void>) | undefined

  /** @param settings lines of slurm.conf that differ, such as "MinJobAge=2": ended jobs are forgotten within 10 s */
  constructor(settings: readonly string[] = []) {
    this.#settings = settings
  }

  /** Why there cannot be one here; undefined when there can. */
  static refuse(): string | undefined {
    return refuse(DAEMONS, 'slurm-wlm, munge')
  }

  /** Why there can be none with `accounts=yes` here. */
  static refuseAccounts(): string | undefined {
    return refuse(['slurmdbd', 'mariadbd'], 'slurmdbd, mariadb-server-core, mariadb-client-core')
  }

  /** Resolves when its node is idle. */
  async start(): Promise<void> {
    this.#end = endWithThisProcess(this.folder)
    await this.#run('start', ...this.#settings)
  }

  /** Ends the daemons and what is left of jobs, and removes the folder. Safe to call twice. */
  async stop(): Promise<void> {
    const end = this.#end
    if (end === undefined) return
    this.#end = undefined
    await this.#run('stop')
    await end()
  }

  /** Without its controller no client gets an answer; jobs go on. */
  stopController(): Promise<void> {
    return this.#run('stop-controller')
  }

  startController(): Promise<void> {
    return this.#run('start-controller')
  }

  /** Without slurmd the jobs on the node go on, but nothing reaches them. */
  stopNode(): Promise<void> {
    return this.#run('stop-node')
  }

  startNode(): Promise<void> {
    return this.#run('start-node')
  }

  async #run(verb: string, ...settings: readonly string[]): Promise<void> {
    const { status, stderr } = await runProgram(['sh', SCRIPT, verb, this.folder, ...settings], {
      timeout: 60_000,
    })
    if (status !== 0) throw new Error(`slurm.sh ${verb}: ${stderr.trim()}`)
  }
}

/**
 * Stops a Slurm and removes its folder when this process has ended, however that ends: bun test emits no "exit".
 * @returns what does it at once
 */
export function endWithThisProcess(folder: string): () => Promise<void> {
  const script = 'read -r _; sh "$1" stop "$2"; rm -rf "$2"'
  const argv = ['-c', script, 'guard', SCRIPT, folder]
  const guard = spawn('sh', argv, { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  return async () => {
    const ended = new Promise(resolve => guard.once('exit', resolve))
    guard.stdin.end()
    await ended
  }
}

function refuse(programs: readonly string[], packages: string): string | undefined {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  const missing = programs.filter(name => Bun.which(name, { PATH }) === null)
  return missing.length === 0
    ? undefined
    : `not installed: ${missing.join(', ')} (Debian packages ${packages})`
}
