/** run: a task that no descriptor file describes. Its descriptor is composed, loaded, and started. */
import { basename, resolve } from 'node:path'
import type { Catalog } from '../core/catalog.ts'
import { aggregate, asUsage } from '../core/check.ts'
import type { OutputChunk } from '../core/connection.ts'
import { composeDescriptor, type Descriptor } from '../core/descriptor.ts'
import type { Manageable } from '../core/manageable.ts'
import type { Choice } from '../core/start.ts'
import { SpmiError } from '../errors.ts'
import { quoteCommand } from '../system/shell-quote.ts'
import { sleep, Turns } from '../system/sleep.ts'
import { cleanAll } from './clean.ts'
import { toContent } from './load.ts'
import { byKind, type Shown, showAll } from './show.ts'
import { awaitEnds } from './wait.ts'

/** What to run. Of `Choice` the backend and its keys, which here are those of the descriptor. */
export interface RunRequest extends Choice {
  /** One is a command for the shell, as in a descriptor; several are a program with its arguments, word for word. */
  readonly words: readonly string[]
  /** Default: the program's name and a number. */
  readonly id?: string | undefined
  readonly comment?: string | undefined
  /** Variables added to the environment of the start. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The folder in which the command runs. Default: the current one. */
  readonly cwd?: string | undefined
}

/** What a run tells while it is at work. */
export interface RunProgress {
  /** Called when it is loaded, and before it is started. */
  readonly onBegin?: ((manageable: Manageable) => void) | undefined
}

/** How many bytes of a program's name an id takes over. */
const STEM_LIMIT = 40

/** Milliseconds between two looks at the output. */
const PAUSE = 30

/**
 * Composes the descriptor of a run.
 * @param cwd the current folder
 * @throws SpmiError `usage` for what a descriptor may not say, or an AggregateError of several
 */
export async function composeRun(catalog: Catalog, request: RunRequest, cwd: string): Promise<Descriptor> {
  const { context, classes } = catalog
  const { words, id, comment, backend, set, env = {} } = request
  const isDefault = backend === undefined && set === undefined
  const [command = ''] = words
  const table = {
    id: id ?? nextId(nameProgram(words), context.store.listIds()),
    ...(comment !== undefined && { comment }),
    ...(!isDefault && { backend: { ...(backend !== undefined && { type: backend }), ...set } }),
    wrapper: {
      command: words.length > 1 ? quoteCommand(words) : command,
      cwd: resolve(cwd, request.cwd ?? ''),
      ...(Object.keys(env).length > 0 && { env }),
    },
  }
  try {
    return await composeDescriptor(
      'run',
      'task',
      table,
      { folder: cwd, home: context.home },
      classes,
      context.store,
    )
  } catch (error) {
    throw asUsage(error)
  }
}

/**
 * Loads and starts a run. What could not be started is not left in the pool.
 * @throws SpmiError `usage`, `exists` when the id that was asked for is taken, `start-failed`, or an AggregateError
 */
export async function run(
  catalog: Catalog,
  request: RunRequest,
  cwd: string,
  { onBegin }: RunProgress = {},
): Promise<Shown> {
  const manageable = await loadRun(catalog, request, cwd)
  onBegin?.(manageable)
  const [failure] = await byKind([manageable], (kind, items) => kind.startAll(items))
  const [shown] = await showAll([manageable])
  if (shown === undefined) throw failure
  if (failure === undefined) return shown
  const [kept] = await cleanAll(catalog, [manageable], [shown.status.state])
  throw aggregate(kept === undefined ? [failure] : [failure, kept])
}

/**
 * Shows the output of what was run from its beginning, until it is inactive.
 * @param enough when it is aborted, no more output is shown, however much there is
 * @returns how it has ended
 */
export async function followToEnd(
  { manageable, status }: Shown,
  show: (chunk: OutputChunk) => void,
  enough?: AbortSignal,
): Promise<Shown> {
  const output = await manageable.openOutput(status)
  const turns = new Turns()
  const showOn = async () => {
    for (let chunk = output?.readOutput(); chunk !== undefined; chunk = output?.readOutput()) {
      if (enough?.aborted) return
      show(chunk)
      await turns.pass()
    }
  }
  const ending = new AbortController()
  const leaving = new AbortController()
  const waiting = awaitEnds([manageable], { signal: leaving.signal }).finally(() => ending.abort())
  try {
    while (!ending.signal.aborted) {
      await showOn()
      await sleep(PAUSE, ending.signal)
    }
    const { shown } = await waiting
    await showOn() // what came before the end
    return shown[0] as Shown
  } finally {
    leaving.abort() // whoever wanted to see the output may be gone
    output?.close()
  }
}

async function loadRun(catalog: Catalog, request: RunRequest, cwd: string): Promise<Manageable> {
  for (;;) {
    const descriptor = await composeRun(catalog, request, cwd)
    try {
      await catalog.context.store.add([toContent(descriptor)])
      return await catalog.make(descriptor.type, descriptor.table)
    } catch (error) {
      const isTaken = error instanceof SpmiError && error.code === 'exists'
      if (request.id !== undefined || !isTaken) throw error // else somebody else was first, and there are more numbers
    }
  }
}

/** A name for what runs: that of the program, made of what is harmless in an id and in a pattern. */
export function nameProgram(words: readonly string[]): string {
  const [command = ''] = words
  const assignments = /^\s*(?:[A-Za-z_]\w*=\S*\s+|exec\s+)*/
  const program = words.length > 1 ? command : /[\w./-]*\w/.exec(command.replace(assignments, ''))?.[0]
  const name = basename(program ?? '')
    .replaceAll(/[^\w.-]+/g, '_')
    .replace(/^[.-]+/, '')
  return name.slice(0, STEM_LIMIT) || 'run'
}

/** The number after the last one of the same name. */
function nextId(stem: string, ids: readonly string[]): string {
  let last = 0
  for (const id of ids) {
    const number = id.startsWith(`${stem}-`) ? id.slice(stem.length + 1) : ''
    if (/^[1-9]\d{0,14}$/.test(number)) last = Math.max(last, Number(number))
  }
  return `${stem}-${last + 1}`
}
