import { describe, expect, test } from 'bun:test'
import { toDirectives } from '../../../../../src/manageables/task/backends/slurm-directives.ts'
import { findJob, parseJobs } from '../../../../../src/manageables/task/backends/slurm-jobs.ts'

const job = (options: object, script = '/pool/a/runs/1/run.sh') => ({
  name: 'spmi-a-1',
  script,
  options: { requeue: false, setup: [], options: [], ...options },
})

describe('the directives of a job', () => {
  test('are what the run needs, then what the descriptor says, each quoted where it must be', () => {
    const options = {
      time: 10,
      memory: '4G',
      job_name: 'a "b" \\ c',
      options: ['--exclusive', '--comment=x y'],
    }
    expect(toDirectives(job(options), {})).toEqual([
      '#SBATCH "--job-name=a \\"b\\" \\\\ c"',
      '#SBATCH --output=backend.log',
      '#SBATCH --open-mode=append',
      '#SBATCH --no-requeue',
      '#SBATCH --time=10',
      '#SBATCH --mem=4G',
      '#SBATCH --exclusive',
      '#SBATCH "--comment=x y"',
      '#SBATCH --comment=spmi-a-1',
    ])
  })

  test("take the user's defaults from the environment, where the descriptor says nothing", () => {
    const environment = { SBATCH_ACCOUNT: 'mine', SBATCH_PARTITION: 'mine' }
    const lines = toDirectives(job({ partition: 'debug' }), environment)
    expect(lines).toContain('#SBATCH --account=mine')
    expect(lines).toContain('#SBATCH --partition=debug')
    expect(lines).not.toContain('#SBATCH --partition=mine')
  })

  test('have a log only where Slurm does not take the path for something else', () => {
    expect(toDirectives(job({}, '/pool/%n/runs/1/run.sh'), {})).toContain('#SBATCH --output=/dev/null')
    expect(toDirectives(job({}, '/pool/a\\b/runs/1/run.sh'), {})).toContain('#SBATCH --output=/dev/null')
  })

  test('ask for a requeue in one way only', () => {
    const requeues = (options: object) =>
      toDirectives(job(options), {}).filter(line => line.includes('requeue'))
    expect(requeues({})).toEqual(['#SBATCH --no-requeue'])
    expect(requeues({ requeue: true })).toEqual(['#SBATCH --requeue'])
    expect(requeues({ options: ['--requeue'] })).toEqual(['#SBATCH --requeue'])
  })
})

describe('the jobs of squeue', () => {
  const jobs = parseJobs(
    [
      '1|PD|Resources|spmi-a-1',
      '2|R|None|spmi-b-1',
      '3|S|None|spmi-c-1',
      '4|CG|None|spmi-d-1',
      '5|CD|None|spmi-e-1',
      '6|NF|NodeDown|spmi-f-1',
      '7|PD|job requeued in held state|spmi-g-1',
      '8|XX|None|with | in it',
      '',
    ].join('\n'),
  )

  test('live, wait with a reason, or are gone with one; a state that nobody knows is not gone', () => {
    expect(jobs.map(({ liveness }) => liveness)).toEqual([
      { state: 'alive', waiting: 'pending: Resources' },
      { state: 'alive' },
      { state: 'alive', waiting: 'suspended' },
      { state: 'alive' },
      { state: 'gone', reason: 'completed' },
      { state: 'gone', reason: 'node fail' },
      { state: 'alive', waiting: 'pending: job requeued in held state' },
      { state: 'alive' },
    ])
  })

  test('are found by id, and by the name of the run where no id was noted', () => {
    expect(findJob(jobs, { name: 'spmi-a-1', script: '', options: {}, id: '2' })?.id).toBe('2')
    expect(findJob(jobs, { name: 'spmi-e-1', script: '', options: {} })?.id).toBe('5')
    expect(findJob(jobs, { name: 'spmi-x-1', script: '', options: {} })).toBeUndefined()
    expect(jobs.at(-1)?.comment).toBe('with | in it')
  })
})
