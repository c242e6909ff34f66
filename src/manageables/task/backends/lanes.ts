/**
 * Launching jobs by a program that takes one at a time: some shells work side by side, each through its share of the jobs,
 * which costs far less than a program started by us for each.
 */
import { availableParallelism } from 'node:os'
import { type Environment, exec } from '../../../system/exec.ts'
import type { BackendJob, Submission } from './backend.ts'

/** How many shells work side by side. More than two make it faster only where there are as many processors. */
const LANES = Math.min(Math.max(availableParallelism(), 2), 4)

/** How many jobs one shell gets: its argv stays far below the limit (execve(2)). */
const BATCH = 500

/** An argv in which `$1` stands for the name of a job and `$2` for its script. */
export type Template = readonly string[]

/** Shell text for a template whose words hold nothing else that a shell would replace. */
export function toShell(template: Template): string {
  return template.map(word => (/^[\w/.=-]+$/.test(word) ? word : `"${word}"`)).join(' ')
}

/** The argv of a template for one job: what the shell text runs for it. */
export function fill(template: Template, { name, script }: Pick<BackendJob, 'name' | 'script'>): string[] {
  return template.map(word => word.replace(/\$([12])/g, (_, number) => (number === '1' ? name : script)))
}

/** How jobs are launched, each by shell text in which `$1` stands for its name and `$2` for its script. */
export interface LaneLaunch {
  /** The name of the program, for messages. */
  readonly program: string
  readonly command: string
  /** Launches a job after one that the command has launched well, where that can be done for less. */
  readonly nextCommand?: string
  readonly environment: Environment
  /** Finds the process manager's own id in what a command printed. Without it, one that succeeds prints nothing. */
  readonly parseId?: (words: string) => string | undefined
}

/** Launches jobs. @returns one answer for each, in their order: refused when its command fails */
export async function launchInLanes(jobs: readonly BackendJob[], launch: LaneLaunch): Promise<Submission[]> {
  const size = Math.min(BATCH, Math.ceil(jobs.length / LANES))
  const submissions: Submission[] = []
  for (let from = 0; from < jobs.length; from += LANES * size) {
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      jobs.slice(from + lane * size, from + (lane + 1) * size),
    )
    const answers = await Promise.all(lanes.map(lane => launchLane(lane, launch)))
    submissions.push(...answers.flat())
  }
  return submissions
}

/** What timeout(1) answers when it has ended a program. */
const TIMED_OUT = 124

/**
 * What each command printed is followed by a line with the job's name and the status. Those that printed nothing are told of at
 * the end, at once, because to take many small pieces costs us more than to make them. After one that did not answer in time no
 * other is tried: it would not either.
 */
const toLauncher = ({
  command,
  nextCommand = command,
  parseId,
}: LaneLaunch) => `exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- 2>&1
later=
while [ $# -gt 0 ]; do
  if [ -z "$later" ]; then
    ${command}
  else
    ${nextCommand}
  fi
  status=$?
  ${parseId ? TELL : TELL_LATER}
  [ "$status" -ne ${TIMED_OUT} ] || break
  shift 2
done
printf %s "$later"`
const TELL = 'echo "$1 $status"'
const TELL_LATER = `if [ "$status" -eq 0 ]; then later="$later$1 0\n"; else ${TELL}; fi`

async function launchLane(jobs: readonly BackendJob[], launch: LaneLaunch): Promise<Submission[]> {
  if (jobs.length === 0) return []
  const { program, environment, parseId } = launch
  const argv = ['/bin/sh', '-c', toLauncher(launch), 'spmi', ...jobs.flatMap(job => [job.name, job.script])]
  const timeout = 5000 + 200 * jobs.length
  const result = await exec(argv, { environment, detached: true, endsGroup: true, timeout, reads: 'stdout' })
  const answers = parseAnswers(result.stdout)
  return jobs.map(({ name }) => {
    const answer = answers.get(name)
    if (answer?.status === 0) return { accepted: true, id: parseId?.(answer.words) }
    if (answer === undefined || answer.status === TIMED_OUT)
      return { accepted: false, reason: `${program} did not answer in time` }
    return { accepted: false, reason: answer.words || `${program} ended with status ${answer.status}` }
  })
}

/** What was printed for each job, in one line, and the status of its command, by the names of the jobs. */
export function parseAnswers(text: string): Map<string, { readonly status: number; readonly words: string }> {
  const answers = new Map<string, { readonly status: number; readonly words: string }>()
  let words: string[] = []
  for (const line of text.split('\n')) {
    const [, name, status] = /^(spmi-\S+) (\d+)$/.exec(line) ?? []
    if (name === undefined) {
      if (line.trim() !== '') words.push(line.trim())
      continue
    }
    answers.set(name, { status: Number(status), words: words.join(' | ') })
    words = []
  }
  return answers
}
