/** A command that is run without a shell is one with which a shell does exactly the same. */
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { splitPlain } from '../../../../../src/manageables/task/wrappers/plain-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'spmi-plain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const program = join(folder, 'show')
writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@"\n')
chmodSync(program, 0o700)

describe('a plain command', () => {
  test('gives the words that sh would give to the program', () => {
    const characters = [...' abcXYZ019./,:@%+=-_~*?$\'"\\#!&|;<>(){}[]^`\t\n']
    const texts = fc.array(fc.constantFrom(...characters), { maxLength: 12 }).map(list => list.join(''))
    fc.assert(
      fc.property(texts, text => {
        const command = `${program} ${text}`
        const words = splitPlain(command)
        if (words === undefined) return
        for (const shell of ['dash', 'bash']) {
          const { stdout } = Bun.spawnSync([shell, '-c', command], { cwd: folder })
          expect([command, shell, stdout.toString()]).toEqual([
            command,
            shell,
            `${words.slice(1).join('\n')}\n`,
          ])
        }
      }),
      { numRuns: 500 },
    )
  })

  test('is not one whose first word a shell takes for its own', () => {
    const { stdout } = Bun.spawnSync(['bash', '-c', 'compgen -b; compgen -k'])
    const words = stdout.toString().trim().split('\n')
    expect(words.length).toBeGreaterThan(70)
    for (const word of words) expect([word, splitPlain(`${word} x`)]).toEqual([word, undefined])
    for (const word of words) expect([word, splitPlain(word)]).toEqual([word, undefined])
  })

  test('holds nothing that means more to a shell than itself', () => {
    for (const character of '|&;<>()$`\\"\'*?[]#~!{}^\n\t')
      for (const command of [`x ${character}`, `x a${character}b`, `${character}x`, `x${character}`])
        expect([command, splitPlain(command)]).toEqual([command, undefined])
    for (const command of [
      'A=b c',
      'A=b',
      '',
      ' ',
      ' x',
      'x ',
      '-x',
      '+x',
      'ü',
      'x ü',
      'x\0',
      'x'.repeat(256),
    ])
      expect([command, splitPlain(command)]).toEqual([command, undefined])
  })

  test('is one program with plain words', () => {
    expect(splitPlain('sleep 300')).toEqual(['sleep', '300'])
    expect(splitPlain('./run.sh  --out=a/b,c -n 5 user@host:x 50%')).toEqual([
      './run.sh',
      '--out=a/b,c',
      '-n',
      '5',
      'user@host:x',
      '50%',
    ])
  })
})
