/**
 * wait: until the selected manageables are inactive. Those that can tell when there is news of them are looked at when
 * there is; and all are looked at in any case, at first often and then ever less often, because some news never comes: that of a
 * wrapper that was killed, of a process left behind, of a job on another host.
 */
import type { Catalog } from '../core/catalog.ts'
import type { Manageable, ManageableStatus, Watch } from '../core/manageable.ts'
import { sleep } from '../system/sleep.ts'
import { type Progress, type Selection, select } from './select.ts'
import { type Shown, showAll } from './show.ts'

/** Milliseconds between two looks at all: the first pause, how it grows, and the longest. */
const FIRST_PAUSE = 100
const GROWTH = 1.5
const LAST_PAUSE = 5000

/** The shortest pause where looks are slow, in times that a look takes: a controller that is busy is asked less often. */
const PATIENCE = 20

/** How many are watched at a time. Watches are few where a user's other programs need them too (inotify(7)). */
const WATCHED = 1000

/** What to wait for. */
export interface WaitOptions {
  /** Until one of them is inactive, instead of all. */
  readonly any?: boolean | undefined
  /** Milliseconds after which nothing is waited for any more. */
  readonly timeout?: number | undefined
  /** When it is aborted, nothing is waited for any more. */
  readonly signal?: AbortSignal | undefined
}

/** What a wait tells while it lasts. */
export interface WaitProgress extends Progress {
  /** Called with the first status of each, and whenever its state is another one. */
  readonly onChange?: ((shown: Shown) => void) | undefined
}

/** How a wait ended. */
export interface Waited {
  /** The last status of each, in their order. */
  readonly shown: readonly Shown[]
  /** Whether what was waited for has not come, because the time is over or nobody wants to wait any more. */
  readonly isTimedOut: boolean
}

/**
 * Waits until the selected manageables are inactive. It returns at once for those that are so already.
 * @throws SpmiError `usage` for an invalid pattern
 */
export async function wait(
  catalog: Catalog,
  patterns: readonly string[],
  options: WaitOptions = {},
  progress: WaitProgress = {},
): Promise<Selection & Waited> {
  const selection = await select(catalog, patterns)
  for (const manageable of selection.manageables) progress.onBegin?.(manageable)
  return { ...selection, ...(await awaitEnds(selection.manageables, options, progress)) }
}

/** The exit code that an inactive manageable counts with: 1 where there is none, because it never ran, and for a lost one. */
export function exitCodeOf({ manageable, status }: Shown): number {
  const { outcome, exitCode = 1 } = manageable.facts(status)
  return outcome === 'lost' ? 1 : exitCode
}

/** Waits until some manageables are inactive. */
export async function awaitEnds(
  manageables: readonly Manageable[],
  { any = false, timeout = Number.POSITIVE_INFINITY, signal }: WaitOptions = {},
  { onChange }: WaitProgress = {},
): Promise<Waited> {
  const deadline = performance.now() + timeout
  const view = new View(manageables, onChange)
  const hasEnded = () => view.left.size === 0 || (any && view.left.size < manageables.length)
  const isOver = () => hasEnded() || performance.now() >= deadline || signal?.aborted === true
  try {
    let pause = FIRST_PAUSE
    await view.look(manageables)
    let next = performance.now() + pause
    while (!isOver()) {
      const told = await view.awaitNews(Math.min(next, deadline), signal)
      if (told.length > 0) {
        await view.look(told)
        if (told.some(item => view.left.has(item))) pause = FIRST_PAUSE // something goes on with it
        next = Math.min(next, performance.now() + pause)
      } else {
        const spent = await view.look([...view.left])
        pause = Math.max(PATIENCE * spent, Math.min(GROWTH * pause, LAST_PAUSE))
        next = performance.now() + pause
      }
    }
    return { shown: view.shown, isTimedOut: !hasEnded() }
  } finally {
    view.close()
  }
}

/** What is known of some manageables, and of which of them there is news. */
class View {
  /** Those that have not been seen inactive. */
  readonly left: Set<Manageable>
  readonly #statuses = new Map<Manageable, ManageableStatus>()
  readonly #onChange: WaitProgress['onChange']
  readonly #watches = new Map<Manageable, Watch>()
  readonly #news = new Set<Manageable>()
  #wake = () => {}

  constructor(manageables: readonly Manageable[], onChange: WaitProgress['onChange']) {
    this.left = new Set(manageables)
    this.#onChange = onChange
  }

  /** The last status of each. */
  get shown(): readonly Shown[] {
    return [...this.#statuses].map(([manageable, status]) => ({ manageable, status }))
  }

  /** Finds out the status of some. @returns milliseconds that it took */
  async look(items: readonly Manageable[]): Promise<number> {
    const begin = performance.now()
    for (const item of items) await this.#watch(item) // before the look, so that nothing is missed in between
    for (const item of items) this.#news.delete(item)
    for (const shown of await showAll(items)) {
      const { manageable, status } = shown
      const isNew = this.#statuses.get(manageable)?.state !== status.state
      this.#statuses.set(manageable, status)
      if (status.state === 'inactive') this.#drop(manageable)
      if (isNew) this.#onChange?.(shown)
    }
    return performance.now() - begin
  }

  /** Waits for news until a time (`performance.now()`). @returns of whom there is some: none when the time has come */
  async awaitNews(until: number, signal: AbortSignal | undefined): Promise<readonly Manageable[]> {
    const waking = new AbortController()
    this.#wake = () => waking.abort()
    signal?.addEventListener('abort', this.#wake)
    if (this.#news.size === 0) await sleep(until - performance.now(), waking.signal)
    signal?.removeEventListener('abort', this.#wake)
    return performance.now() < until ? [...this.#news] : []
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close()
  }

  async #watch(item: Manageable): Promise<void> {
    let watch = this.#watches.get(item)
    if (watch === undefined) {
      if (item.watch === undefined || this.#watches.size >= WATCHED) return
      watch = await item.watch(() => {
        this.#news.add(item)
        this.#wake()
      })
      this.#watches.set(item, watch)
    }
    watch.refresh()
  }

  #drop(item: Manageable): void {
    this.left.delete(item)
    this.#watches.get(item)?.close()
    this.#watches.delete(item)
    this.#news.delete(item)
  }
}
