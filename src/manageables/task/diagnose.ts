/** What tasks rest on: every backend and wrapper that is built in, or that a loaded task uses, examined side by side. */
import type { DiagnosisContext, Part } from '../../core/diagnosis.ts'
import { isPoolShared } from '../../store/examine-pool.ts'
import { type Finding, warning } from '../../system/finding.ts'
import type { Backend } from './backends/backend.ts'
import { backendClasses, DEFAULT_BACKEND } from './backends/index.ts'
import type { TaskManageable } from './task.ts'
import { DEFAULT_WRAPPER, wrapperClasses } from './wrappers/index.ts'

/** Examines the backends and wrappers. @param tasks those that are loaded */
export async function diagnoseParts(
  tasks: readonly TaskManageable[],
  context: DiagnosisContext,
): Promise<readonly Part[]> {
  const backends = backendClasses.listKnown().map(async type => {
    const backend = new (backendClasses.require(type))(type, context.environment)
    const uses = tasks.filter(task => task.backend.type === type).map(task => task.backendOptions)
    const findings = await backend.diagnose(uses)
    const isNeeded = uses.length > 0 || type === DEFAULT_BACKEND
    const isUsable = findings.every(({ level }) => level !== 'problem')
    const remote = isUsable ? examineReach(backend, context) : []
    return { kind: 'backend', name: type, users: uses.length, isNeeded, findings: [...findings, ...remote] }
  })
  const wrappers = wrapperClasses.listKnown().map(async type => {
    const wrapper = new (wrapperClasses.require(type))(type)
    const uses = tasks.filter(task => task.wrapper.type === type).map(task => task.wrapperOptions)
    const findings = await wrapper.diagnose(uses, context)
    const isNeeded = uses.length > 0 || type === DEFAULT_WRAPPER
    return { kind: 'wrapper', name: type, users: uses.length, isNeeded, findings }
  })
  return Promise.all([...wrappers, ...backends])
}

/** What runs on other hosts reads its script from the pool and writes its journal there. */
function examineReach({ runsHere }: Backend, { store }: DiagnosisContext): Finding[] {
  if (runsHere || store === undefined || isPoolShared(store)) return []
  return [
    warning('pool', 'its file system is not one that other hosts see', 'set $SPMI_PATH to a shared one'),
  ]
}
