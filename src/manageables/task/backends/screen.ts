/**
 * GNU Screen: each run is a detached session of its own, named for the run, which ends with it.
 *
 * No screenrc is read, neither the user's nor the system's, because `zombie` or a second window in it would keep the session
 * after the task, and another command character would make what we say of keys wrong.
 * Screen answers 0 even when it could run nothing, and finds sessions by the beginning of a name; so only the
 * wrapper's record proves a start, and sessions are compared by their whole names. Source: screen(1), 4.09.
 */
import { type Attachment, exec, explainFailure, findProgram, type Launch } from '../../../system/exec.ts'
import type { Finding } from '../../../system/finding.ts'
import {
  Backend,
  type BackendJob,
  type BackendRun,
  type Liveness,
  refuseAll,
  type Submission,
} from './backend.ts'
import { fill, launchInLanes, type Template, toShell } from './lanes.ts'

/**
 * What a new session needs beside its argv. To load a locale, of which Screen wants the encoding alone, is a seventh of the time
 * that a start takes. And Screen looks at every file that it may have open, twice, which takes a quarter of a millisecond for 20,000;
 * Bun and Node raise their limit as far as they may. It cannot use more than select(2) can (FD_SETSIZE).
 */
const OWN_VARIABLES = { LC_ALL: 'C', SYSSCREENRC: '/dev/null' }
const LIMIT_FILES = 'ulimit -S -n 1024 2>/dev/null'

/** Runs each task in a session of GNU Screen. */
export class ScreenBackend extends Backend {
  override readonly leaks = [
    'STY',
    'WINDOW',
    'SHELL',
    'TERM',
    'TERMCAP',
    'COLUMNS',
    'LINES',
    ...Object.keys(OWN_VARIABLES),
  ]

  override readonly terminalType = 'screen-256color'

  override async submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    if (findProgram('screen', this.environment.PATH ?? '') === undefined)
      return refuseAll(jobs, 'GNU Screen is not installed (Debian: apt install screen)')
    return launchInLanes(jobs, {
      program: 'screen',
      command: `${LIMIT_FILES}; ${toShell(this.#newSession('-dmS'))}`,
      nextCommand: `${toShell(this.#newSession('-DmS'))} &`,
      environment: { ...this.environment, ...OWN_VARIABLES },
    })
  }

  override launchOf(job: BackendJob): Launch {
    return { argv: fill(this.#newSession('-dmS'), job) }
  }

  override async query(runs: readonly BackendRun[]): Promise<readonly Liveness[]> {
    const result = await exec(['screen', '-ls'], { environment: this.environment, timeout: 10_000 })
    if (result.timedOut || !/^(\d+|No) Sockets? (found )?in /m.test(result.stdout)) {
      const reason = `screen -ls: ${explainFailure('screen', result)}`
      return runs.map(() => ({ state: 'unknown', reason }))
    }
    const names = new Set(parseSessions(result.stdout).map(session => session.name))
    return runs.map(run => ({ state: names.has(run.name) ? 'alive' : 'gone' }))
  }

  /** The session's process: the wrapper's parent. */
  override idOf(run: BackendRun): string | undefined {
    return run.parent === undefined ? undefined : String(run.parent)
  }

  override async diagnose(): Promise<readonly Finding[]> {
    return (await import('./screen-doctor.ts')).examineScreen(this.environment)
  }

  /**
   * A session that nobody looks at, made by a process of its own (-dmS), whose status says whether it could be made, or by the
   * program itself (-DmS), which stays: that spares a process, but does not tell.
   */
  #newSession(detached: '-dmS' | '-DmS'): Template {
    const mode = this.#isUtf8() ? ['-U'] : []
    return ['screen', '-c', '/dev/null', ...mode, detached, '$1', '/bin/sh', '$2']
  }

  override attach({ name, parent }: BackendRun): Attachment | undefined {
    if (parent === undefined) return undefined
    const mode = this.#isUtf8() ? ['-U'] : []
    const argv = ['screen', '-c', '/dev/null', ...mode, '-x', `${parent}.${name}`]
    const { STY: _, ...environment } = this.environment // as if we were not in a session ourselves
    return { argv, environment, detach: '^A d' }
  }

  #isUtf8(): boolean {
    const { LC_ALL, LC_CTYPE, LANG } = this.environment
    return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
  }
}

/** The living sessions of `screen -ls`: `<tab>PID.NAME<tab>(…)`. */
export function parseSessions(text: string): { readonly pid: number; readonly name: string }[] {
  const sessions: { pid: number; name: string }[] = []
  for (const line of text.split('\n')) {
    const [, pid, name] = /^\t(\d+)\.([^\t]+)\t/.exec(line) ?? []
    if (pid !== undefined && name !== undefined && !line.includes('(Dead '))
      sessions.push({ pid: Number(pid), name })
  }
  return sessions
}
