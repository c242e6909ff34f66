/** What the processes of a run use. Source: proc_pid_stat(5), proc_pid_status(5). */
import { isFromHere, type ProcessStat, readProc } from './process.ts'
import type { ProcessTable, RunProcesses } from './run-processes.ts'

/** What the living processes of a run use, its wrapper not counted. */
export interface Usage {
  readonly processes: number
  /** Processor time, in seconds: theirs, and that of those that they have waited for. */
  readonly cpuTime: number
  /** The sum of their resident set sizes, in bytes: what several of them share is counted for each. */
  readonly memory: number
}

/** Clock ticks in a second, as /proc tells times: USER_HZ, which is 100 wherever Linux runs Node. */
const TICKS = 100

/** What the processes of a run use; undefined where they cannot be seen from here. */
export function measure(run: RunProcesses, table: ProcessTable): Usage | undefined {
  if (run.wrapper === undefined || !isFromHere(run.wrapper)) return undefined
  const usages = table.membersOf(run).flatMap(member => readUsage(member) ?? [])
  return {
    processes: usages.length,
    cpuTime: usages.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS,
    memory: usages.reduce((sum, { resident }) => sum + resident, 0) * 1024,
  }
}

/** What one process uses; undefined when it has gone. The resident set in KiB. */
function readUsage({ pid, start }: ProcessStat): { ticks: number; resident: number } | undefined {
  const stat = readProc(`/proc/${pid}/stat`)
  const status = readProc(`/proc/${pid}/status`)
  if (stat === undefined || status === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // from field 3 on
  if (Number(fields[19]) !== start) return undefined
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number)
  return {
    ticks: (user ?? 0) + (system ?? 0) + (childrenUser ?? 0) + (childrenSystem ?? 0),
    resident: Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0),
  }
}
