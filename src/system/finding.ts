/** What `doctor` finds out about this machine, and how it asks programs: none may keep it waiting, and none throws. */

import { errnoOf, SpmiError } from '../errors.ts'
import { type Environment, exec, explainFailure, findProgram } from './exec.ts'

/** One thing that was looked at. */
export interface Finding {
  /** `warning`: it works, but not always or not as one may expect; `problem`: what was examined cannot be used. */
  readonly level: 'ok' | 'warning' | 'problem'
  /** What was looked at, in a word or two that never change: "program", "socket folder". */
  readonly topic: string
  /** What was found, on one line. */
  readonly what: string
  /** What mends it: a command, or words where there is none. */
  readonly mend?: string | undefined
}

/** Milliseconds that a program has to answer a question of doctor's. */
export const ANSWER_TIMEOUT = 5000

export function ok(topic: string, what: string): Finding {
  return { level: 'ok', topic, what }
}

export function warning(topic: string, what: string, mend?: string): Finding {
  return { level: 'warning', topic, what, mend }
}

export function problem(topic: string, what: string, mend?: string): Finding {
  return { level: 'problem', topic, what, mend }
}

/** Turns what a user can mend into a finding; a bug is thrown again. */
export function findingOf(topic: string, error: unknown): Finding {
  if (error instanceof SpmiError) return problem(topic, error.reason, error.hint)
  if (errnoOf(error) === undefined) throw error
  return problem(topic, (error as Error).message)
}

/** What a program answered, on stdout, or in which words it failed. */
export type Answer =
  | { readonly text: string; readonly failure?: never }
  | { readonly failure: string; readonly text?: never }

/** Asks a program, in English, and gives it up after {@link ANSWER_TIMEOUT}. */
export async function ask(argv: readonly [string, ...string[]], environment: Environment): Promise<Answer> {
  const [name, ...args] = argv
  const program = findProgram(name, environment.PATH ?? '')
  if (program === undefined) return { failure: `${name} is not installed` }
  try {
    const options = { environment: { ...environment, LC_ALL: 'C' }, timeout: ANSWER_TIMEOUT }
    const result = await exec([program, ...args], options)
    return result.status === 0 ? { text: result.stdout } : { failure: explainFailure(name, result) }
  } catch (error) {
    if (!(error instanceof SpmiError)) throw error
    return { failure: error.message }
  }
}

/** Where a program is, or how it is installed. */
export function examineProgram(name: string, packageName: string, environment: Environment): Finding {
  const path = findProgram(name, environment.PATH ?? '')
  if (path !== undefined) return ok('program', path)
  return problem('program', `${name} is not installed`, installCommand(packageName, environment))
}

const INSTALLERS = {
  'apt-get': 'apt install',
  dnf: 'dnf install',
  zypper: 'zypper install',
  pacman: 'pacman -S',
  apk: 'apk add',
}

/** The command that installs a package here. */
export function installCommand(packageName: string, environment: Environment): string {
  const path = `${environment.PATH ?? ''}:/usr/bin:/sbin`
  const [, command] = Object.entries(INSTALLERS).find(([name]) => findProgram(name, path)) ?? []
  return command === undefined ? `install the package "${packageName}"` : `${command} ${packageName}`
}

/** A version of a program that SPMI is tested with, and the oldest that can do what is needed, where that is known. */
export interface KnownVersions {
  readonly tested: string
  readonly oldest?: { readonly version: string; readonly reason: string }
}

/** Judges the first version number in a program's answer. */
export function examineVersion(answer: Answer, { tested, oldest }: KnownVersions): Finding {
  const version = /\d+(\.\d+)*[a-z]?/.exec(answer.text ?? '')?.[0]
  if (version === undefined)
    return warning('version', `unknown: ${answer.failure ?? 'the program does not say it'}`)
  if (oldest !== undefined && isOlder(version, oldest.version))
    return problem('version', `${version}; ${oldest.reason}`, `install version ${oldest.version} or newer`)
  const isTested = version === tested || version.startsWith(`${tested}.`)
  return ok('version', isTested ? version : `${version} (SPMI is tested with ${tested})`)
}

function isOlder(version: string, other: string): boolean {
  const [left, right] = [version, other].map(text => text.split('.').map(part => Number.parseInt(part, 10)))
  for (const [index, number] of (right ?? []).entries()) {
    const difference = (left?.[index] ?? 0) - number
    if (difference !== 0) return difference < 0
  }
  return false
}
