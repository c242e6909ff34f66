/** What every backend promises of signals, of pausing and of restarting: a part of the contract. */
import { expect } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findByVariable, parentOf, stateOf } from '../support/processes.ts'
import { type TestPool, until } from '../support/spmi.ts'

const DETECTOR = `exec perl '${join(import.meta.dir, '../fixtures/detect-twice.pl')}'`

/** Says "tick" all the time, and so does a child that left session and group. */
const CLOCKS = `trap 'echo stopped; exit 7' TERM
setsid sh -c 'while :; do echo stray; sleep 0.02; done' &
while :; do echo tick; sleep 0.02; done`

export const REACHES_ALL = 'signal --all reaches every process of the run once, also what left the group'
export const HALTS_FORKS = 'pause halts what forks all the time'

/** What waits in vfork(2) for a child that was stopped before its exec is in D, and goes no further. */
const isHalted = (pid: number, _: number, all: readonly number[]): boolean =>
  stateOf(pid) === 'T' ||
  (stateOf(pid) === 'D' && all.some(child => parentOf(child) === pid && stateOf(child) === 'T'))

/** What the promises are kept with. */
export interface Means {
  readonly pool: TestPool
  readonly test: (promise: string, keep: () => Promise<void>) => void
  readonly load: (id: string, wrapper: object) => Promise<void>
  readonly start: (...ids: string[]) => Promise<void>
  readonly output: (id: string, run?: number) => string
  readonly ended: (id: string, run?: number) => Promise<void>
  readonly status: (id: string) => Promise<string>
}

export function describeSignalling({ pool, test, load, start, output, ended, status }: Means): void {
  const done = async (...argv: string[]) =>
    expect([argv, await pool.spmi(...argv)]).toMatchObject([argv, { status: 0 }])
  const says = (id: string, words: string, run = 1) =>
    until(() => existsSync(join(pool.runDirectory(id, run), 'stdout')) && output(id, run).includes(words))
  const lines = (id: string) => output(id).trimEnd().split('\n').sort()
  // By the names of this pool's runs: tests of another checkout may run beside this one.
  const namesOf = (id: string) =>
    readdirSync(join(pool.path, id, 'runs')).map(
      run => JSON.parse(readFileSync(join(pool.path, id, 'runs', run, 'starter'), 'utf8')).name as string,
    )
  const processesOf = (id: string) => namesOf(id).flatMap(name => findByVariable(`SPMI_RUN=${name}`))
  const statesOf = (id: string) => processesOf(id).map(stateOf)

  test("a signal reaches each process of the command's group once, and nothing else", async () => {
    const stray = `setsid sh -c "${DETECTOR} stray" &`
    const command = `(${DETECTOR} child) & ${stray} ${DETECTOR} main`
    await load('detected', { command, stop_signal: 'SIGTERM', stop_timeout: 5 })
    await start('detected')
    for (const name of ['main', 'child', 'stray']) await says('detected', `${name} ready\n`)
    await done('signal', 'usr1', 'detected')
    for (const name of ['main', 'child']) await says('detected', `${name} USR1\n`)
    expect(await status('detected')).toContain('Active: active since')
    await done('signal', 'SIGUSR2', 'detected')
    for (const name of ['main', 'child']) await says('detected', `${name} USR2\n`)
    await done('stop', 'detected')
    await ended('detected')
    const each = ['USR1', 'USR2', 'ready'].flatMap(word => [`child ${word}`, `main ${word}`])
    expect(lines('detected')).toEqual([...each, 'stray ready'].sort())
  })

  test(REACHES_ALL, async () => {
    const command = `(${DETECTOR} child) & setsid sh -c "${DETECTOR} stray" & ${DETECTOR} main`
    await load('all', { command, stop_signal: 'SIGTERM', stop_timeout: 5 })
    await start('all')
    const names = ['main', 'child', 'stray']
    for (const name of names) await says('all', `${name} ready\n`)
    for (const signal of ['HUP', 'WINCH']) {
      await done('signal', '--all', signal, 'all')
      for (const name of names) await says('all', `${name} ${signal}\n`)
    }
    await done('stop', 'all')
    await ended('all')
    expect(lines('all')).toEqual(
      names.flatMap(name => [`${name} HUP`, `${name} WINCH`, `${name} ready`]).sort(),
    )
  })

  test('a signal that ended a task is named', async () => {
    await load('ended', { command: 'exec sleep 300' })
    await start('ended')
    await done('signal', 'USR2', 'ended')
    await ended('ended')
    expect(await status('ended')).toMatch(/Exit code: 140 \(SIGUSR2\)\n/)
  })

  test('pause halts every process of a run, and resume lets all go on', async () => {
    await load('clocks', { command: CLOCKS, stop_signal: 'SIGTERM', stop_timeout: 5 })
    await start('clocks')
    await says('clocks', 'tick\n')
    await says('clocks', 'stray\n')
    await done('pause', 'clocks')
    await until(() => processesOf('clocks').every(isHalted)) // a manager may need a moment
    const { length } = output('clocks')
    expect(statesOf('clocks').length).toBeGreaterThan(1)
    expect(await status('clocks')).toContain('Active: active (paused) since')
    expect((await pool.spmi('start', 'clocks')).stderr).toContain('it is active')
    expect(output('clocks')).toHaveLength(length)
    await done('resume', 'clocks')
    expect(await status('clocks')).toContain('Active: active since')
    await until(() => /tick[\s\S]*stray|stray[\s\S]*tick/.test(output('clocks').slice(length)))
    await done('pause', 'clocks')
    await done('stop', 'clocks')
    await ended('clocks')
    expect(output('clocks')).toMatch(/^stopped$/m) // it was continued, so that its trap ran
    expect(await status('clocks')).toContain('Exit code: 7\n')
    expect(statesOf('clocks')).toEqual([])
  })

  test('kill and restart work on a paused task', async () => {
    await load('halted', { command: 'echo $$; exec sleep 300', stop_timeout: 5 })
    await start('halted')
    await says('halted', '\n')
    await done('pause', 'halted')
    await done('restart', 'halted')
    await says('halted', '\n', 2)
    expect(await status('halted')).toContain('Active: active since')
    await done('pause', 'halted')
    expect(await status('halted')).toContain('Active: active (paused) since')
    await done('kill', 'halted')
    expect(statesOf('halted')).toEqual([])
    expect(await status('halted')).toMatch(/Active: inactive since .*\n(.*\n)* +Exit code: 137 \(SIGKILL\)\n/)
  })

  test(HALTS_FORKS, async () => {
    const command = 'while :; do sleep 3000.7 & setsid sleep 3000.7 & sleep 0.005; done'
    await load('forking', { command })
    await start('forking')
    await until(() => statesOf('forking').length > 10)
    await done('pause', 'forking')
    const states = statesOf('forking')
    expect(states.filter(state => state !== 'T')).toEqual([])
    expect(await status('forking')).toContain('Active: active (paused) since')
    expect(statesOf('forking')).toHaveLength(states.length)
    await done('kill', 'forking')
    expect(statesOf('forking')).toEqual([])
  })
}
