import { expect, test } from 'bun:test'
import { nameProgram } from '../../../src/verbs/run.ts'

test('what runs is named for its program, in what is harmless in an id and in a pattern', () => {
  const known: readonly (readonly [name: string, ...words: string[]])[] = [
    ['sleep', 'sleep', '5'],
    ['python3', '/usr/bin/python3', 'train.py'],
    ['a', 'a | b'],
    ['make', '  CC=gcc  A= make all'],
    ['train.sh', 'exec ./train.sh --fast'],
    ['g_', 'g++', 'x.cc'],
    ['for', 'for i in 1 2; do :; done'],
    ['x', '"$(x)"'],
    ['hidden', './.hidden', 'x'],
    ['run', '/', 'x'],
    ['run', ':'],
    ['a'.repeat(40), 'a'.repeat(99), 'x'],
  ]
  for (const [name, ...words] of known) expect([words, nameProgram(words)]).toEqual([words, name])
})
