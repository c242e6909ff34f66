import { describe, expect, test } from 'bun:test'
import { SpmiError } from '../../../src/errors.ts'
import {
  ANSWER_TIMEOUT,
  ask,
  examineProgram,
  examineVersion,
  findingOf,
  installCommand,
} from '../../../src/system/finding.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
const PATH = '/usr/bin:/bin'

describe('ask', () => {
  test('gives what a program answers, in English', async () => {
    expect(await ask(['sh', '-c', 'echo "$LC_ALL $0"', 'x'], { PATH, LC_ALL: 'de_DE' })).toEqual({
      text: 'C x\n',
    })
  })

  test('gives the words in which it failed', async () => {
    expect(await ask(['sh', '-c', 'echo no luck >&2; exit 3'], { PATH })).toEqual({ failure: 'no luck' })
    expect(await ask(['sh', '-c', 'exit 3'], { PATH })).toEqual({ failure: 'sh ended with status 3' })
  })

  test('says that a program is not there, or that it cannot be run', async () => {
    expect(await ask(['absent'], { PATH: folder.path })).toEqual({ failure: 'absent is not installed' })
    folder.write('broken', '#!/nonexistent\n', 0o700)
    expect(await ask(['broken'], { PATH: folder.path })).toEqual({
      failure: expect.stringContaining('cannot run'),
    })
  })

  test('gives up what does not answer, also when it has children', async () => {
    const begin = performance.now()
    expect(await ask(['sh', '-c', 'sleep 60 & wait'], { PATH })).toEqual({
      failure: 'sh did not answer in time',
    })
    expect(performance.now() - begin).toBeLessThan(2 * ANSWER_TIMEOUT)
  })
})

describe('examineProgram', () => {
  test('says where it is', () => {
    expect(examineProgram('sh', 'dash', { PATH: '/nonexistent:/bin' })).toEqual({
      level: 'ok',
      topic: 'program',
      what: '/bin/sh',
    })
  })

  test('says what installs it here', () => {
    folder.write('dnf', '', 0o700)
    const environment = { PATH: folder.path }
    expect(examineProgram('absent', 'some-package', environment)).toMatchObject({ level: 'problem' })
    const here = installCommand('some-package', environment)
    expect(here).toMatch(/^(apt|dnf|zypper) install some-package$|^pacman -S some-package$|^apk add /)
  })
})

describe('examineVersion', () => {
  const judge = (text: string, oldest?: string) =>
    examineVersion(
      { text },
      { tested: '4.9', ...(oldest && { oldest: { version: oldest, reason: 'it cannot do x' } }) },
    )

  test('tells whether it is one that SPMI is tested with', () => {
    expect(judge('Some version 4.9.12 (GNU)')).toEqual({ level: 'ok', topic: 'version', what: '4.9.12' })
    expect(judge('4.9')).toMatchObject({ level: 'ok', what: '4.9' })
    for (const other of ['4.90', '4.10.1', '5.0', '4'])
      expect(judge(`x ${other}`)).toMatchObject({
        level: 'ok',
        what: `${other} (SPMI is tested with 4.9)`,
      })
  })

  test('compares numbers, not letters', () => {
    expect(judge('4.10', '4.9')).toMatchObject({ level: 'ok' })
    expect(judge('10', '9.9')).toMatchObject({ level: 'ok' })
    expect(judge('3.3a', '3.3')).toMatchObject({ level: 'ok' })
    expect(judge('4.8.99', '4.9')).toMatchObject({ level: 'problem', what: '4.8.99; it cannot do x' })
    expect(judge('4', '4.1')).toMatchObject({ level: 'problem', mend: 'install version 4.1 or newer' })
  })

  test('that is not told is unknown', () => {
    expect(judge('none')).toMatchObject({ level: 'warning' })
    expect(examineVersion({ failure: 'out of luck' }, { tested: '1' })).toMatchObject({
      level: 'warning',
      what: 'unknown: out of luck',
    })
  })
})

describe('findingOf', () => {
  test('separates what is wrong from what mends it', () => {
    expect(findingOf('folder', new SpmiError('pool', 'it is open', { hint: 'close it' }))).toEqual({
      level: 'problem',
      topic: 'folder',
      what: 'it is open',
      mend: 'close it',
    })
  })

  test('takes what the system refused, and throws a bug again', () => {
    const refusal = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    expect(findingOf('files', refusal)).toMatchObject({ level: 'problem', what: 'ENOSPC: no space left' })
    expect(() => findingOf('files', new TypeError('a bug'))).toThrow('a bug')
  })
})
