/** What squeue says of the user's jobs. Source: squeue(1), JOB STATE CODES, 22.05. */
import type { BackendRun, Liveness } from './backend.ts'

/** Id, state, reason for waiting, and the comment, which is a run's name. */
export const SQUEUE_FORMAT = '%i|%t|%r|%k'

/** A job of the user. */
export interface Job {
  readonly id: string
  readonly comment: string
  readonly liveness: Liveness
  readonly isSuspended: boolean
}

/** The states in which a job has ended, in words. */
const ENDS: Readonly<Record<string, string>> = {
  BF: 'boot fail',
  CA: 'cancelled',
  CD: 'completed',
  DL: 'deadline',
  F: 'failed',
  NF: 'node fail',
  OOM: 'out of memory',
  PR: 'preempted',
  RV: 'revoked',
  TO: 'timeout',
}

/** The states in which a job lives without running. What is in neither table runs, or is about to. */
const WAITS: Readonly<Record<string, string>> = {
  CF: 'configuring',
  PD: 'pending',
  RF: 'requeued',
  RH: 'requeued, held',
  RQ: 'requeued',
  S: 'suspended',
  SE: 'requeued, held after a special exit',
  ST: 'stopped',
}

/** Reads the lines that squeue prints in our format. */
export function parseJobs(text: string): Job[] {
  return text.split('\n').flatMap(line => {
    const [id = '', state = '', reason = '', ...rest] = line.split('|')
    return id === ''
      ? []
      : [{ id, comment: rest.join('|'), liveness: judge(state, reason), isSuspended: state === 'S' }]
  })
}

function judge(state: string, reason: string): Liveness {
  const end = ENDS[state]
  if (end !== undefined) return { state: 'gone', reason: end }
  const wait = WAITS[state]
  if (wait === undefined) return { state: 'alive' }
  return { state: 'alive', waiting: reason === 'None' || reason === '' ? wait : `${wait}: ${reason}` }
}

/** The job of a run: by its id, and where that was not noted, by the run's name. */
export function findJob(jobs: readonly Job[], run: BackendRun): Job | undefined {
  return jobs.find(job => (run.id === undefined ? job.comment === run.name : job.id === run.id))
}
