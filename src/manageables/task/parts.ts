/**
 * The backends and wrappers of a command: one object of each type, shared by all its tasks, so that each backend is
 * asked once. What a run was started with stays its own: a start may choose another backend than the descriptor's.
 */
import type { ManageableContext } from '../../core/manageable.ts'
import { SpmiError } from '../../errors.ts'
import {
  Backend,
  type BackendJob,
  type BackendOptions,
  type BackendRun,
  type Liveness,
  refuseAll,
  type Submission,
} from './backends/backend.ts'
import { backendClasses } from './backends/index.ts'
import type { PartTable } from './schema.ts'
import { wrapperClasses } from './wrappers/index.ts'
import type { Wrapper } from './wrappers/wrapper.ts'

/** A backend and what it is told, for a run to come. */
export interface NextBackend {
  readonly table: PartTable
  readonly backend: Backend
  readonly options: BackendOptions
  /** Whether it was chosen for this run only. */
  readonly isChosen: boolean
}

/** One backend and one wrapper of each type. */
export class Parts {
  readonly #context: ManageableContext
  readonly #backends = new Map<string, Backend>()
  readonly #wrappers = new Map<string, Wrapper>()

  constructor(context: ManageableContext) {
    this.#context = context
  }

  /** The backend of a type whose class is known: built in, resolved before, or provided. */
  backend(type: string): Backend {
    let part = this.#backends.get(type)
    if (part === undefined) {
      part = new (backendClasses.require(type))(type, this.#context.environment)
      this.#backends.set(type, part)
    }
    return part
  }

  wrapper(type: string): Wrapper {
    let part = this.#wrappers.get(type)
    if (part === undefined) {
      part = new (wrapperClasses.require(type))(type)
      this.#wrappers.set(type, part)
    }
    return part
  }

  /** Imports the class of a run's backend if need be; where there is none any more, another one takes its place. */
  async provide(type: string): Promise<void> {
    if (backendClasses.get(type) !== undefined || this.#backends.has(type)) return
    try {
      await backendClasses.resolve(type, this.#context.store)
    } catch (error) {
      if (!(error instanceof SpmiError)) throw error
      this.#backends.set(type, new MissingBackend(type, error.message))
    }
  }
}

const parts = new WeakMap<ManageableContext, Parts>()

/** The parts that all tasks of a context share. */
export function partsOf(context: ManageableContext): Parts {
  let found = parts.get(context)
  if (found === undefined) {
    found = new Parts(context)
    parts.set(context, found)
  }
  return found
}

/** The backend of a run to come. @param table its keys, as they are written */
export function nextBackend(context: ManageableContext, table: PartTable, isChosen: boolean): NextBackend {
  return { table, backend: partsOf(context).backend(table.type), options: withoutType(table), isChosen }
}

/** What a part is told: its table without its type. */
export function withoutType({ type: _, ...options }: PartTable): Readonly<Record<string, unknown>> {
  return options
}

/** Stands for the backend of a run whose plug-in is gone: nothing is known of what has not ended. */
class MissingBackend extends Backend {
  override readonly runsHere = false
  readonly #reason: string

  constructor(type: string, reason: string) {
    super(type, {})
    this.#reason = reason
  }

  override submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    return Promise.resolve(refuseAll(jobs, this.#reason))
  }

  override query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    return Promise.resolve(runs.map(() => ({ state: 'unknown', reason: this.#reason })))
  }
}
