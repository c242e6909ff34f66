import { describe, expect, test } from 'bun:test'
import { marksFor, renderDiagnosis, toJson } from '../../../../src/cli/commands/doctor.ts'
import type { Diagnosis } from '../../../../src/core/diagnosis.ts'

const DIAGNOSIS: Diagnosis = {
  isWell: false,
  parts: [
    {
      kind: 'pool',
      name: '/home/ann/.spmi',
      users: 2,
      isNeeded: true,
      findings: [{ level: 'ok', topic: 'folder', what: 'yours alone' }],
    },
    {
      kind: 'backend',
      name: 'near',
      users: 1,
      isNeeded: true,
      findings: [
        { level: 'ok', topic: 'program', what: '/usr/bin/near' },
        { level: 'warning', topic: 'logout', what: 'ends\x1b[31m tasks', mend: 'stay' },
      ],
    },
    {
      kind: 'backend',
      name: 'far',
      users: 1,
      isNeeded: true,
      findings: [{ level: 'problem', topic: 'program', what: 'far is missing', mend: 'apt install far' }],
    },
    {
      kind: 'backend',
      name: 'farther',
      users: 0,
      isNeeded: false,
      findings: [{ level: 'problem', topic: 'program', what: 'farther is missing' }],
    },
    { kind: 'backend', name: 'own', users: 0, isNeeded: false, findings: [] },
  ],
}

const plain = (text: string) => text
const tags = (text: string, colour: string) => `<${colour}>${text}</>`
const terminal = { isTerminal: true }
const english = { environment: { LANG: 'en_US.UTF-8' } }

describe('the text', () => {
  test('has a block for each part, a line for each finding, and what mends it below', () => {
    expect(
      renderDiagnosis(DIAGNOSIS, marksFor(terminal, english), plain),
    ).toBe(`✓ pool /home/ann/.spmi (2 manageables)
    ✓ folder   yours alone
! backend near (1 manageable)
    ✓ program  /usr/bin/near
    ! logout   ends^[[31m tasks
               mend: stay
✗ backend far (1 manageable)
    ✗ program  far is missing
               mend: apt install far
– backend farther (0 manageables)
    ✗ program  farther is missing
✓ backend own (0 manageables)
`)
  })

  test('has words where signs may not be shown', () => {
    const lines = renderDiagnosis(DIAGNOSIS, marksFor({ isTerminal: false }, english), plain).split('\n')
    expect(lines.filter(line => !line.startsWith(' ')).map(line => line.split(' ')[0])).toEqual([
      'ok',
      'warning',
      'problem',
      'unused',
      'ok',
      '',
    ])
    expect(lines[1]).toBe('    ok      folder   yours alone')
  })

  test('is painted by level', () => {
    const painted = renderDiagnosis(DIAGNOSIS, marksFor(terminal, english), tags as never)
    for (const head of [
      '<green>✓</> pool',
      '<yellow>!</> backend near',
      '<red>✗</> backend far ',
      '<cyan>–</> ',
    ])
      expect(painted).toContain(head)
  })
})

describe('signs', () => {
  const isSign = (output: { isTerminal: boolean }, environment: Record<string, string>) =>
    marksFor(output, { environment }).ok === '✓'

  test('are for terminals that take UTF-8, as the locale says', () => {
    expect(isSign(terminal, { LANG: 'de_DE.utf8' })).toBe(true)
    expect(isSign(terminal, { LC_ALL: 'C', LANG: 'de_DE.UTF-8' })).toBe(false)
    expect(isSign(terminal, { LC_ALL: '', LC_CTYPE: 'C.UTF-8', LANG: 'C' })).toBe(true)
    expect(isSign(terminal, {})).toBe(false)
    expect(isSign({ isTerminal: false }, { LANG: 'de_DE.UTF-8' })).toBe(false)
  })
})

test('the JSON says of each part whether it can be used', () => {
  const { ok, parts } = JSON.parse(JSON.stringify(toJson(DIAGNOSIS)))
  expect(ok).toBe(false)
  expect(parts[0]).toEqual({
    kind: 'pool',
    name: '/home/ann/.spmi',
    users: 2,
    needed: true,
    usable: true,
    findings: [{ level: 'ok', topic: 'folder', what: 'yours alone' }],
  })
  expect(parts.map(({ usable }: { usable: boolean }) => usable)).toEqual([true, true, false, false, true])
})
