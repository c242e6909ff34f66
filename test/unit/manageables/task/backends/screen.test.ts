import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { parseAnswers } from '../../../../../src/manageables/task/backends/lanes.ts'
import { parseSessions, ScreenBackend } from '../../../../../src/manageables/task/backends/screen.ts'
import { thisProcess } from '../../../../../src/system/process.ts'
import { useFolder } from '../../../folder.ts'

const folder = useFolder()

const LISTING = `There are screens on:
\t4711.spmi-a-1\t(07/14/24 19:29:05)\t(Detached)
\t4712.spmi-a-10\t(07/14/24 19:29:06)\t(Attached)
\t4713.with.dots.in.it\t(Multi, detached)
\t4714.spmi-dead\t(Dead ???)
4 Sockets in /run/screen/S-root.
`

/** A screen that does what a shell program says. */
function fakeScreen(program: string): ScreenBackend {
  folder.write('screen', `#!/bin/sh\n${program}\n`, 0o700)
  return new ScreenBackend('screen', { PATH: `${folder.path}:/usr/bin:/bin` })
}

describe('parseSessions', () => {
  test('reads the living sessions with their whole names', () => {
    expect(parseSessions(LISTING)).toEqual([
      { pid: 4711, name: 'spmi-a-1' },
      { pid: 4712, name: 'spmi-a-10' },
      { pid: 4713, name: 'with.dots.in.it' },
    ])
  })

  test('reads none where there is none', () => {
    expect(parseSessions('No Sockets found in /run/screen/S-root.\n\n')).toEqual([])
    expect(parseSessions('')).toEqual([])
  })
})

describe('parseAnswers', () => {
  test('reads the status for each session, and the words that screen had', () => {
    expect(
      parseAnswers('Cannot make directory\n  no space\nspmi-a-1 1\nspmi-b-1 3\nBad name\nspmi-c-1 1\n'),
    ).toEqual(
      new Map([
        ['spmi-a-1', { status: 1, words: 'Cannot make directory | no space' }],
        ['spmi-b-1', { status: 3, words: '' }],
        ['spmi-c-1', { status: 1, words: 'Bad name' }],
      ]),
    )
  })

  test('reads none where screen only talked', () => {
    expect(parseAnswers('')).toEqual(new Map())
    expect(parseAnswers('some words\nof 1\n')).toEqual(new Map())
  })
})

describe('ScreenBackend', () => {
  const job = (name: string) => ({ name, script: `/pool/${name}/run.sh`, options: {} })

  const manyJobs = Array.from({ length: 30 }, (_, index) => job(`spmi-${index}`))

  test('makes one detached session for each job, without any screenrc, and with no more files than it can use', async () => {
    const seen = folder.join('calls')
    const backend = fakeScreen(`echo "$(printf '%s|' "$@")$LC_ALL|$SYSSCREENRC|$(ulimit -S -n)" >>${seen}`)
    expect(await backend.submit([job('spmi-a'), job('spmi-b')])).toEqual([
      { accepted: true },
      { accepted: true },
    ])
    expect(readFileSync(seen, 'utf8').split('\n').sort()).toEqual([
      '',
      '-c|/dev/null|-dmS|spmi-a|/bin/sh|/pool/spmi-a/run.sh|C|/dev/null|1024',
      '-c|/dev/null|-dmS|spmi-b|/bin/sh|/pool/spmi-b/run.sh|C|/dev/null|1024',
    ])
  })

  test('answers in the order of the jobs, however many lanes they take', async () => {
    const backend = fakeScreen('echo "not $4"; exit 1')
    expect(await backend.submit(manyJobs)).toEqual(
      manyJobs.map(({ name }) => ({ accepted: false, reason: `not ${name}` })),
    )
    expect(await backend.submit([])).toEqual([])
  })

  test('says which jobs screen refused, in its own words', async () => {
    const backend = fakeScreen(
      `case $4 in spmi-b) echo 'Directory must have mode 700.'; exit 1 ;; spmi-c) exit 3 ;; esac`,
    )
    expect(await backend.submit(['spmi-b', 'spmi-c', 'spmi-a'].map(job))).toEqual([
      { accepted: false, reason: 'Directory must have mode 700.' },
      { accepted: false, reason: 'screen ended with status 3' },
      { accepted: true },
    ])
  })

  test('where one session could be made, the others need no process of their own, and are not waited for', async () => {
    const backend = fakeScreen(
      `echo "$3" >>${folder.join('calls')}; [ "$3" = -dmS ] || exec sleep 3 >/dev/null 2>&1`,
    )
    const begin = performance.now()
    expect(await backend.submit(manyJobs)).toEqual(manyJobs.map(() => ({ accepted: true })))
    expect(performance.now() - begin).toBeLessThan(2500)
    const calls = readFileSync(folder.join('calls'), 'utf8').split('\n')
    expect(calls.filter(call => call === '-dmS').length).toBeWithin(1, 5)
    expect(calls.filter(call => call !== '')).toHaveLength(manyJobs.length)
  })

  test('says what to install when there is no screen', async () => {
    const backend = new ScreenBackend('screen', { PATH: folder.path })
    expect(await backend.submit([job('spmi-a')])).toEqual([
      { accepted: false, reason: 'GNU Screen is not installed (Debian: apt install screen)' },
    ])
  })

  test('takes a session for alive only by its whole name, with one question for all', async () => {
    folder.write('listing', LISTING)
    const backend = fakeScreen(`echo >>${folder.join('calls')}; cat ${folder.join('listing')}; exit 1`)
    const runs = ['spmi-a-1', 'spmi-a', 'spmi-a-10', 'spmi-dead'].map(name => ({
      name,
      script: '',
      options: {},
    }))
    expect((await backend.query(runs)).map(({ state }) => state)).toEqual(['alive', 'gone', 'alive', 'gone'])
    expect(readFileSync(folder.join('calls'), 'utf8')).toBe('\n')
  })

  test("shows the session's pid as the backend's id", () => {
    const backend = new ScreenBackend('screen', {})
    expect(backend.idOf({ name: 'x', script: '', options: {}, parent: 4711, wrapper: thisProcess() })).toBe(
      '4711',
    )
    expect(backend.idOf({ name: 'x', script: '', options: {} })).toBeUndefined()
  })
})
