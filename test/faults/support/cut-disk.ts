/**
 * A real ext4 whose power can be cut: a file in memory, mounted as a disk. The file system itself has the means to stop from one moment
 * to the next without writing anything more, for tests like these (EXT4_IOC_SHUTDOWN). What is found when it is mounted again is
 * what had been written, after the recovery that a boot brings.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { history } from '../../../src/verbs/history.ts'
import { list } from '../../../src/verbs/list.ts'
import { openCatalog } from '../../../src/verbs/open.ts'
import { ARTIFACTS, until } from '../../support/spmi.ts'
import { OwnMounts, refuseMounts } from './own-mounts.ts'
import { findMarked } from './witness.ts'

const MAKE =
  'mount -t tmpfs -o size=80m none . && cd "$PWD" && truncate -s 48m disk && mkfs.ext4 -q -F disk && mkdir at && mount -o loop disk at'

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH. */
const CUT = `perl -e 'my $how = pack("L", 2); open my $at, "<", "at" or die; ioctl($at, 0x8004587d, $how) or die $!'`

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)

/** Why there can be no such disk here; undefined where there can. */
export function refuseDisk(): string | undefined {
  return refuseMounts(`cd "$1"; ${MAKE} && ${CUT} && umount at`)
}

/** A pool on such a disk. */
export class CutDisk {
  readonly #mounts: OwnMounts
  readonly #pool: string

  private constructor(mounts: OwnMounts) {
    this.#mounts = mounts
    this.#pool = join(mounts.folder, 'at', 'pool')
  }

  static async make(): Promise<CutDisk> {
    const mounts = await OwnMounts.make()
    await mounts.sh(MAKE)
    return new CutDisk(mounts)
  }

  /** Runs a command, which must do what it is told. */
  spmi(...args: readonly string[]): Promise<void> {
    return this.#spmi([], args)
  }

  /** The same, while nothing is synced but what the system syncs on its own. */
  spmiUnsynced(...args: readonly string[]): Promise<void> {
    return this.#spmi(
      ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:retval=0'],
      args,
    )
  }

  async #spmi(under: readonly string[], args: readonly string[]): Promise<void> {
    const { status, stderr } = await this.#mounts.run([...under, ...ARTIFACTS['dist/spmi'], ...args], {
      SPMI_PATH: this.#pool,
    })
    if (status !== 0) throw new Error(stderr)
  }

  /** The processes that have something to do with the pool: wrappers and commands. */
  findProcesses(): number[] {
    return findMarked(this.#pool)
  }

  /** Cuts the power and switches it on again. @returns of each task its comment and its runs, with how they have ended */
  async cutAndList(): Promise<Record<string, string[]>> {
    await this.#mounts.sh(CUT)
    this.#killAll()
    await until(() => this.findProcesses().length === 0)
    await this.#mounts.sh('umount at && mount -o loop disk at')
    await this.#mounts.sh('find at/pool -type f -exec sed -i "s/$1/ffffffff/g" {} + && sync -f at', BOOT) // another boot
    const catalog = openCatalog({ path: this.#mounts.outside(this.#pool), environment: {} })
    const { manageables, damaged } = await list(catalog)
    if (damaged[0]) throw damaged[0]
    const { histories } = await history(catalog, ['.*'])
    return Object.fromEntries(
      manageables.map(({ id, comment }) => {
        const runs = histories.find(({ manageable }) => manageable.id === id)?.runs ?? []
        return [id, [comment, ...runs.map(({ number, exit, words }) => `${number}: ${exit ?? words}`)]]
      }),
    )
  }

  #killAll(): void {
    for (const pid of this.findProcesses()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has just ended.
      }
    }
  }

  async dispose(): Promise<void> {
    this.#killAll()
    await until(() => this.findProcesses().length === 0)
    await this.#mounts.sh('umount at').catch(() => {})
    this.#mounts.dispose()
  }
}
