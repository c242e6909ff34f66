/** Processes that a test starts: each in a session of its own, killed with all that is in it when the test ends. */
import { afterEach, setDefaultTimeout } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type ProcessIdentity, signalGroup, signalProcess } from '../../src/system/process.ts'

/** Starts processes. */
export class Children {
  readonly #started: ChildProcess[] = []
  readonly #adopted: ProcessIdentity[] = []

  /** Starts one; resolved when it has been forked. Its output is dropped. */
  async start(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
    const [file = '', ...args] = argv
    const child = spawn(file, args, { env: environment, detached: true, stdio: 'ignore' })
    this.#started.push(child)
    if (child.pid === undefined) await once(child, 'spawn')
    return child.pid ?? 0
  }

  /** Sees to the end of a process that somebody else has started. */
  adopt(process: ProcessIdentity): void {
    this.#adopted.push(process)
  }

  /** Kills all of them and waits for those that are our own. */
  async end(): Promise<void> {
    for (const process of this.#adopted.splice(0)) signalProcess(process, 'SIGKILL')
    await Promise.all(
      this.#started.splice(0).map(async child => {
        const isOver = child.exitCode !== null || child.signalCode !== null
        const end = isOver ? undefined : once(child, 'exit')
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
        await end
      }),
    )
  }
}

/** Kills what is left after each test of the calling file. */
export function useChildren(): Children {
  const children = new Children()
  setDefaultTimeout(20_000)
  afterEach(() => children.end())
  return children
}
