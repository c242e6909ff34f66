/** The public door: what `import … from 'spmi'` gives, to programs and to plug-ins, which it lets in. */

import { setPublicModule } from './core/plugin-module.ts'

export * as v from 'valibot'
export type { ConnectedTerminal, Connection, Output, OutputChunk } from './core/connection.ts'
export type { Diagnosis, DiagnosisContext, Part } from './core/diagnosis.ts'
export type { Facts, Outcome } from './core/facts.ts'
export type { Failure } from './core/failure.ts'
export type { JsonSchema } from './core/json-schema.ts'
export type {
  JsonDescriptor,
  JsonDocument,
  JsonError,
  JsonManageable,
  JsonPlan,
  JsonRun,
  JsonStatus,
  JsonUsage,
} from './core/json-shape.ts'
export {
  Manageable,
  type ManageableClass,
  type ManageableContext,
  type ManageableState,
  type ManageableStatus,
  type ManageableTable,
  type SignalReach,
  type StatusLine,
  type Watch,
} from './core/manageable.ts'
export { manageable } from './core/manageable-class.ts'
export { PatternMatcher } from './core/pattern.ts'
export { type DescriptorPlace, resolvePath } from './core/place.ts'
export type { RunSummary } from './core/run-summary.ts'
export type { Choice, LastStart, StartPlan } from './core/start.ts'
export type { TableSchema } from './core/table-schema.ts'
export { type ErrorCode, SpmiError } from './errors.ts'
export {
  Backend,
  type BackendClass,
  type BackendJob,
  type BackendOptions,
  type BackendRun,
  type Left,
  type Liveness,
  type SignalScope,
  type Submission,
} from './manageables/task/backends/backend.ts'
export { NativeBackend } from './manageables/task/backends/native.ts'
export { ScreenBackend } from './manageables/task/backends/screen.ts'
export { SlurmBackend } from './manageables/task/backends/slurm.ts'
export { SystemdBackend } from './manageables/task/backends/systemd.ts'
export { TmuxBackend } from './manageables/task/backends/tmux.ts'
export type { TaskStatus } from './manageables/task/status.ts'
export { TaskManageable } from './manageables/task/task.ts'
export { DefaultWrapper, type LaunchPlan } from './manageables/task/wrappers/default.ts'
export type { Launcher } from './manageables/task/wrappers/launcher.ts'
export { TerminalWrapper } from './manageables/task/wrappers/terminal.ts'
export {
  type StopPlan,
  Wrapper,
  type WrapperClass,
  type WrapperJob,
  type WrapperOptions,
  type WrapperScript,
} from './manageables/task/wrappers/wrapper.ts'
export { Pool, type PoolOptions } from './pool.ts'
export {
  type Attachment,
  type Environment,
  type ExecOptions,
  type ExecResult,
  exec,
  explainFailure,
  type Launch,
} from './system/exec.ts'
export type { Finding } from './system/finding.ts'
export type { ProcessIdentity, ProcessStat, SignalName } from './system/process.ts'
export type { TerminalSize } from './system/terminal.ts'
export type { Usage } from './system/usage.ts'
export type { CheckedDescriptor, CheckReport } from './verbs/check.ts'
export type { History } from './verbs/history.ts'
export type { FilterState, Inspected, Inspection, Inspections } from './verbs/inspect.ts'
export type { LogsChoice, LogsReader, RunPiece } from './verbs/logs.ts'
export type { PruneReport } from './verbs/prune.ts'
export type { RunRequest } from './verbs/run.ts'
export type { Report, Selection, Unmatched } from './verbs/select.ts'
export type { Shown } from './verbs/show.ts'
export type { ShownParts } from './verbs/show-parts.ts'
export type { Preview } from './verbs/start.ts'
export type { Waited, WaitOptions } from './verbs/wait.ts'

setPublicModule(() => import('./index.ts')) // plug-ins get these very classes
