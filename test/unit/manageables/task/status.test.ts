import { describe, expect, test } from 'bun:test'
import { deriveStatus, type Evidence, hasEnded } from '../../../../src/manageables/task/status.ts'
import type { Asked } from '../../../../src/store/asked.ts'
import type { Journal } from '../../../../src/store/journal.ts'
import { thisProcess } from '../../../../src/system/process.ts'

const by = thisProcess()
const run = { number: 1, directory: '/pool/a/runs/1' }
const starter = { name: 'spmi-a-1', at: 900, by }
const claimed = { at: 1000, name: 'spmi-a-1', wrapper: by, parent: 1 }
const spawned = { at: 1001, command: { ...by, pid: 11 } }

/** A run that has been prepared and nothing more, whose starter is gone. */
const NOTHING: Evidence = {
  run,
  journal: undefined,
  starter,
  isStarterAlive: false,
  backendType: 'native',
  backendId: undefined,
  readAsked: () => [],
  isHalted: () => false,
  liveness: { state: 'gone' },
  hasProcesses: false,
}

function derive(evidence: Partial<Evidence>) {
  const status = deriveStatus({ ...NOTHING, ...evidence })
  return [status.state, status.words, status.since?.getTime()] as const
}

const journal = (records: Partial<Journal>): Journal => ({ signalled: [], ...records })
const running = journal({ claimed, spawned })
const ended = journal({ claimed, spawned, exited: { at: 1005, code: 0 }, ended: { at: 1007 } })
const asked = [{ verb: 'stop', signal: 'SIGINT', at: 1003 }] as const

/** How a run ended, and how long it took in milliseconds. */
function outcome(evidence: Partial<Evidence>) {
  const { outcome, startedAt, endedAt } = deriveStatus({ ...NOTHING, ...evidence })
  return [outcome, startedAt && endedAt && endedAt.getTime() - startedAt.getTime()] as const
}

describe('the outcome of a run', () => {
  test('is that of its exit code, of its start, or lost', () => {
    const failed = journal({ claimed, spawned, exited: { at: 1005, code: 143 }, ended: { at: 1007 } })
    expect(outcome({ journal: ended })).toEqual(['succeeded', 6])
    expect(outcome({ journal: failed })).toEqual(['failed', 6])
    expect(outcome({ journal: journal({ void: { at: 950, reason: 'too late' } }) })).toEqual([
      'failed',
      undefined,
    ])
    expect(outcome({ journal: running })).toEqual(['lost', undefined])
  })

  test('is not known before its end', () => {
    expect(outcome({ journal: running, liveness: { state: 'alive' } })).toEqual([undefined, undefined])
    expect(outcome({ journal: ended, hasProcesses: true })).toEqual([undefined, undefined])
    expect(outcome({ journal: running, liveness: { state: 'unknown', reason: 'x' } })).toEqual([
      undefined,
      undefined,
    ])
  })
})

describe('the status of a run, by the first evidence that matches', () => {
  test('the journal has its end: inactive since then', () => {
    expect(derive({ journal: ended })).toEqual(['inactive', undefined, 1007])
    for (const liveness of [{ state: 'gone' }, { state: 'gone', reason: 'completed' }] as const)
      expect(derive({ journal: ended, liveness, isStarterAlive: true })).toEqual([
        'inactive',
        undefined,
        1007,
      ])
  })

  test('the journal says why there was no start: inactive, start failed', () => {
    const refused = { at: 1002, reason: 'the folder "/x" cannot be entered' }
    expect(derive({ journal: journal({ claimed, refused }) })).toEqual([
      'inactive',
      'start failed: the folder "/x" cannot be entered',
      1002,
    ])
    expect(
      derive({ journal: journal({ void: { at: 950, reason: 'too late' } }), isStarterAlive: true }),
    ).toEqual(['inactive', 'start failed: too late', 950])
  })

  test('... but processes of the run live on: active, left behind', () => {
    expect(derive({ journal: ended, hasProcesses: true })).toEqual(['active', 'left behind', 1001])
  })

  test('it runs on another host, or the backend could not be asked: unknown, never inactive', () => {
    for (const reason of ['runs on elsewhere, ask there', 'screen -ls did not answer in time'])
      for (const hasProcesses of [false, true])
        expect(derive({ journal: running, liveness: { state: 'unknown', reason }, hasProcesses })).toEqual([
          'unknown',
          reason,
          undefined,
        ])
  })

  test('alive, the command not started: active, waiting for what the backend says, or starting', () => {
    expect(derive({ liveness: { state: 'alive', waiting: 'Priority' } })).toEqual(['active', 'Priority', 900])
    expect(derive({ liveness: { state: 'alive' } })).toEqual(['active', 'starting', 900])
    expect(derive({ liveness: { state: 'alive' }, journal: journal({ claimed }) })).toEqual([
      'active',
      'starting',
      1000,
    ])
  })

  test('alive: active since its command was started', () => {
    expect(derive({ liveness: { state: 'alive' }, journal: running })).toEqual(['active', undefined, 1001])
  })

  test('alive, and somebody asked for its end: active, stopping', () => {
    expect(derive({ liveness: { state: 'alive' }, journal: running, readAsked: () => asked })).toEqual([
      'active',
      'stopping',
      1001,
    ])
  })

  test('alive, and it was paused: active, paused, as long as that can be seen and nothing else was asked', () => {
    const ask = (...verbs: readonly Asked['verb'][]) =>
      verbs.map((verb, index) => ({ verb, signal: 'SIGX', at: 1002 + index, by }))
    const words = (asked: readonly Asked[], isHalted: boolean) =>
      derive({
        liveness: { state: 'alive' },
        journal: running,
        readAsked: () => asked,
        isHalted: () => isHalted,
      })[1]
    expect(words(ask('pause'), true)).toBe('paused')
    expect(words(ask('pause', 'resume', 'signal', 'pause', 'signal'), true)).toBe('paused')
    expect(words(ask('pause'), false)).toBeUndefined()
    expect(words(ask('pause', 'resume'), true)).toBeUndefined()
    expect(words(ask('signal'), true)).toBeUndefined()
    expect(words(ask('pause', 'stop'), true)).toBe('stopping')
    expect(words([{ verb: 'pause', signal: 'SIGSTOP', at: 1000, mayBeEarlier: true }], true)).toBeUndefined() // an earlier attempt was
  })

  test('alive, the command ended: active, left behind, while processes of the run live', () => {
    const stayed = journal({ claimed, spawned, exited: { at: 1005, code: 3 }, stayed: { at: 1006 } })
    const alive = { liveness: { state: 'alive' }, journal: stayed } as const
    expect(derive({ ...alive, hasProcesses: true })).toEqual(['active', 'left behind', 1001])
    expect(derive({ ...alive, hasProcesses: false })).toEqual(['inactive', undefined, 1005])
  })

  test('nothing but a living starter: active, starting', () => {
    expect(derive({ isStarterAlive: true })).toEqual(['active', 'starting', 900])
  })

  test('not alive, but processes of the run live: active, so that kill reaches them', () => {
    expect(derive({ journal: running, hasProcesses: true })).toEqual(['active', 'left behind', 1001])
  })

  test('a killed wrapper is reported as lost, not active', () => {
    expect(derive({ journal: running })).toEqual(['inactive', 'lost', undefined])
    expect(derive({ journal: running, isStarterAlive: true })).toEqual(['inactive', 'lost', undefined])
  })

  test('a wrapper that was killed when its command had ended has nothing to be lost', () => {
    const stayed = journal({ claimed, spawned, exited: { at: 1005, code: 4 }, stayed: { at: 1005 } })
    expect(derive({ journal: stayed })).toEqual(['inactive', undefined, 1005])
    expect(outcome({ journal: stayed })).toEqual(['failed', 4])
    expect(derive({ journal: stayed, hasProcesses: true })[1]).toBe('left behind')
  })

  test('a killed starter is reported as lost, not active', () => {
    expect(derive({})).toEqual(['inactive', 'lost', undefined])
    expect(derive({ starter: undefined })).toEqual(['inactive', 'lost', undefined])
  })
})

describe('what status shows of a run', () => {
  const nothing: Omit<Evidence, 'journal'> = {
    run,
    starter,
    isStarterAlive: false,
    backendType: 'native',
    backendId: undefined,
    readAsked: () => [],
    isHalted: () => false,
    liveness: { state: 'gone' },
    hasProcesses: false,
  }

  function show(code: number, evidence: Partial<Evidence> = {}) {
    const { exit, exitCode } = deriveStatus({
      ...nothing,
      journal: journal({ claimed, spawned, exited: { at: 1, code }, ended: { at: 2 } }),
      ...evidence,
    })
    expect(exitCode).toBe(code)
    return exit
  }

  test('a code that stands for no signal is a number', () => {
    for (const code of [0, 1, 3, 127, 128, 255]) expect(show(code)).toBe(String(code))
  })

  test('a code that may stand for a signal says both, because a shell cannot tell', () => {
    expect(show(143)).toBe('143 (SIGTERM or exit 143)')
    expect(show(137)).toBe('137 (SIGKILL or exit 137)')
  })

  test('a signal that we sent is named alone', () => {
    expect(show(130, { readAsked: () => asked })).toBe('130 (SIGINT)')
    expect(show(143, { readAsked: () => asked })).toBe('143 (SIGTERM or exit 143)')
    const signalled = [{ at: 1, signal: 'SIGTERM' }]
    expect(show(143, { journal: { ...ended, exited: { at: 1, code: 143 }, signalled } })).toBe(
      '143 (SIGTERM)',
    )
  })

  test('a code of a real-time signal, which has no name, is a number', () => {
    expect(show(128 + 40)).toBe('168')
  })

  test('a code that the shell lost is not invented', () => {
    const lost = journal({ claimed, spawned, exited: { at: 1, code: -1 }, ended: { at: 2 } })
    const { exit, exitCode } = deriveStatus({ ...nothing, journal: lost })
    expect([exit, exitCode]).toEqual(['unknown (the shell lost it)', undefined])
  })

  test('who asked is read only where it matters', () => {
    const readAsked = () => {
      throw new Error('it was read')
    }
    expect(show(0, { readAsked })).toBe('0')
    expect(derive({ journal: ended, readAsked })[0]).toBe('inactive')
  })

  test('a command that runs has a pid and no exit code', () => {
    const status = deriveStatus({
      run,
      journal: running,
      starter,
      isStarterAlive: false,
      backendType: 'native',
      backendId: '4711',
      readAsked: () => [],
      isHalted: () => false,
      liveness: { state: 'alive' },
      hasProcesses: false,
    })
    expect([status.pid, status.backendId, status.exit, status.exitCode]).toEqual([
      11,
      '4711',
      undefined,
      undefined,
    ])
    expect(status.run).toEqual(run)
  })

  test('a number that is taken only so that nobody starts is known as such, while who took it lives', () => {
    const derived = (evidence: Partial<Evidence>) =>
      deriveStatus({
        run,
        backendType: 'native',
        backendId: undefined,
        readAsked: () => [],
        isHalted: () => false,
        liveness: { state: 'gone' },
        hasProcesses: false,
        journal: journal({ void: { at: 1, reason: 'it is being cleaned' } }),
        starter: { ...starter, name: '' },
        isStarterAlive: true,
        ...evidence,
      })
    const blocked = (evidence: Partial<Evidence>) => derived(evidence).isBlocked
    expect(derived({}).words).toBe('being cleaned')
    expect(derived({}).outcome).toBeUndefined()
    expect(blocked({})).toBe(true)
    expect(blocked({ isStarterAlive: false })).toBe(false)
    expect(blocked({ starter })).toBe(false)
  })
})

test('hasEnded knows the records that end a run', () => {
  expect(hasEnded(undefined)).toBe(false)
  expect(hasEnded(running)).toBe(false)
  expect(hasEnded(journal({ claimed, spawned, exited: { at: 1, code: 0 } }))).toBe(false)
  expect(hasEnded(ended)).toBe(true)
  expect(hasEnded(journal({ refused: { at: 1, reason: '' } }))).toBe(true)
  expect(hasEnded(journal({ void: { at: 1, reason: '' } }))).toBe(true)
})
