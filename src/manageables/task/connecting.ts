/** Connects to a task that is active on this host. */
import { SpmiError } from '../../errors.ts'
import { isFromHere } from '../../system/process.ts'
import { settleTerminalHolders } from '../../system/terminal-holder.ts'
import { TaskConnection, TaskTerminal } from './connection.ts'
import { observe } from './observe.ts'
import type { TaskManageable } from './task.ts'

/** Connects to a task. @throws SpmiError `inactive`, `unknown`, `elsewhere` */
export async function connectTask(task: TaskManageable): Promise<TaskConnection> {
  const [observation] = await observe([task])
  const { wrapper } = observation?.run ?? {}
  const cannot = `cannot connect to manageable "${task.id}": it is`
  if (observation?.run === undefined || observation.status.state !== 'active' || wrapper === undefined) {
    const { state = 'unknown', words } = observation?.status ?? {}
    const reason = words === undefined ? state : `${state} (${words})`
    throw new SpmiError(state === 'unknown' ? 'unknown' : 'inactive', `${cannot} ${reason}`)
  }
  const { run } = observation
  if (!isFromHere(wrapper))
    throw new SpmiError('elsewhere', `${cannot} on ${wrapper.host}`, { hint: run.backend.wayTo(run) })
  await settleTerminalHolders([run]) // somebody may have let its command alone go on
  const terminal = TaskTerminal.of(run, task.context.environment)
  return new TaskConnection(task.id, { ...run, wrapper }, terminal)
}
