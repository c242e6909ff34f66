/** What a run keeps of its wrapper, so that nothing that comes later changes how it is stopped. */
import type { StartedWrapper } from '../../store/run-store.ts'
import type { TaskManageable } from './task.ts'

/** What a run that is started now keeps. */
export function wrapperOfNextRun({ wrapper, wrapperOptions: options }: TaskManageable): StartedWrapper {
  return {
    type: wrapper.type,
    command: wrapper.describeCommand(options),
    stop: wrapper.planStop(options),
  }
}
