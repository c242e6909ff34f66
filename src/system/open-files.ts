/** Which files a process has open. Source: proc_pid_fd(5). */
import { readdirSync, type Stats, statSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** What identifies a file, whatever its path is by now. */
export type FileIdentity = Pick<Stats, 'dev' | 'ino'>

/** Whether a process has a file open; undefined when the process is gone or not ours to look at. */
export function hasOpen(pid: number, { dev, ino }: FileIdentity): boolean | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(fd => {
      const stats = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })
      return stats !== undefined && stats.dev === dev && stats.ino === ino
    })
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}
