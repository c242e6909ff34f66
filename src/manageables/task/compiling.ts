/** Compiles the next run of a task: its name, its script and its environment. Nothing is written yet. */
import { asSpmiError, errnoOf, SpmiError } from '../../errors.ts'
import { runFiles } from '../../store/layout.ts'
import { markChosen, runAfter } from '../../store/run-store.ts'
import type { Environment } from '../../system/exec.ts'
import { thisHost } from '../../system/process.ts'
import { loadSha256, type Sha256 } from '../../system/sha256.ts'
import type { Backend, BackendJob } from './backends/backend.ts'
import type { Observation } from './observe.ts'
import type { PartTable } from './schema.ts'
import type { TaskManageable } from './task.ts'
import type { WrapperScript } from './wrappers/wrapper.ts'

/** A run that may be started. */
export interface CompiledRun {
  readonly task: TaskManageable
  /** Its backend, with its keys. */
  readonly table: PartTable
  /** What its backend is told. */
  readonly job: BackendJob
  readonly content: WrapperScript
}

/**
 * Compiles the run that follows from what was observed.
 * @throws SpmiError `active` or `unknown` for a task that must not be started now, `start-failed`
 */
export async function compileRun({ task, status, run: last }: Observation): Promise<CompiledRun> {
  if (status.state === 'active') throw new SpmiError('active', 'it is active')
  if (status.state === 'unknown')
    throw new SpmiError('unknown', `whether it is active is unknown (${status.words})`)
  if (status.isBlocked) throw new SpmiError('active', 'it is being cleaned')
  const after = last?.files.number ?? 0
  const run = runAfter(task.directory, after)
  const { table, backend, options, isChosen } = task.next
  sha256 ??= await loadSha256()
  const plain = nameRun(task, run.number, sha256)
  const name = isChosen ? markChosen(plain) : plain
  const job = { name, script: runFiles.script(run.directory), options }
  const content = await task.wrapper.compile({
    name,
    directory: run.directory,
    environment: environmentFor(backend, task.context.environment),
    umask: task.context.umask,
    runsHere: backend.runsHere,
    leaked: backend.leaks,
    directives: backend.directives(job),
    setup: backend.setup(options),
    restartCount: backend.restartCount,
    terminalType: backend.terminalType,
    options: task.wrapperOptions,
  })
  return { task, table, job, content }
}

let sha256: Sha256 | undefined

/** Why a task is not started. @throws what is a bug */
export function cannotStart(task: TaskManageable, error: unknown): SpmiError {
  const isGone = errnoOf(error) === 'ENOENT'
  const reason = isGone
    ? new SpmiError('missing', 'it has just been removed')
    : asSpmiError(error, 'a file of the run cannot be written')
  return new SpmiError(reason.code, `cannot start manageable "${task.id}": ${reason.message}`, {
    cause: error,
  })
}

/**
 * The run's name, for sessions, units and jobs: what fits of the id, readable, and a hash of host, pool, id and run, which
 * makes it unique (in a container, too, whose pool has the same path as another one). Every process manager takes these characters.
 */
export function nameRun(task: TaskManageable, number: number, sha256: Sha256): string {
  const readable = task.id.replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, 24)
  const place = [thisHost().host, task.context.store.path, task.id, number].join('\0')
  return `spmi-${readable}-${sha256(place).slice(0, 12)}`
}

/** The environment of the start without what the backend provides itself: one object for all tasks of a backend. */
function environmentFor(backend: Backend, environment: Environment): Environment {
  let found = environments.get(backend)
  if (found === undefined) {
    const entries = Object.entries(environment)
    found = Object.fromEntries(entries.filter(([name]) => !backend.provides(name)))
    environments.set(backend, found)
  }
  return found
}
const environments = new WeakMap<Backend, Environment>()
