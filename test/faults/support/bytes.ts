/**
 * Bytes, each as the character of that number (latin1), for programs that are given other bytes than text: runtimes of JavaScript can
 * give them none.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Outcome, runProgram } from '../../support/spmi.ts'
import type { Random } from './random.ts'

/** Names to values, as bytes. */
export type Variables = ReadonlyMap<string, string>

/** Becomes a program with the words and the variables of a file. perl takes bytes as they are. */
const BECOME = `local $/ = "\\0"; open(my $file, "<", shift); my ($count, @given) = map { chomp; $_ } <$file>;
my @argv = splice(@given, 0, $count); %ENV = map { split(/=/, $_, 2) } @given; exec { $argv[0] } @argv; exit 127`

/** Runs a program with exactly these variables, word for word and byte for byte. */
export async function runWithBytes(argv: readonly string[], variables: Variables): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'spmi-bytes-'))
  try {
    const path = join(folder, 'given')
    const given = [String(argv.length), ...argv, ...[...variables].map(([name, value]) => `${name}=${value}`)]
    writeFileSync(path, given.map(text => `${text}\0`).join(''), 'latin1')
    return await runProgram(['perl', '-e', BECOME, path], { timeout: 120_000 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A text as the bytes that UTF-8 has for it. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Variables as a process has them: /proc/PID/environ. */
export function parseVariables(environ: string): Map<string, string> {
  const pairs = environ.split('\0').slice(0, -1)
  return new Map(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/** What shells, parsers of UTF-8 and terminals take for something. */
const TROUBLE = [
  ...[
    '\xc3',
    '\xa9',
    '\xff',
    '\xfe',
    '\xed\xa0\x80',
    '\xed\xb0\x80',
    '\xf0\x9f\xa6\x8a',
    '\xef\xbb\xbf',
    '\xef\xbf\xbd',
  ],
  ...['\xf4\x90\x80\x80', '\xc0\x80', '\xe2\x80\xa8', '\x81', '\x82', '\x88', '\x01', '\x7f', '\x1b[2J'],
  ...[
    "'",
    '"',
    '\\',
    '$',
    '`',
    '\n',
    '\r',
    ' ',
    '=',
    '%',
    '!',
    '~',
    '#',
    "'\\''",
    '$(exit 3)',
    '\nexport X=1\n',
  ],
]

/** Some bytes, none of them NUL. */
export function drawBytes(random: Random, limit: number): string {
  const length = random.below(limit + 1)
  let bytes = ''
  while (bytes.length < length)
    bytes += random.below(3) === 0 ? random.pick(TROUBLE) : String.fromCharCode(1 + random.below(255))
  return bytes
}
