/**
 * What a program and all that it starts do to the files of a folder, call by call, as strace(1) sees it: in the order in which
 * the calls were answered.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../support/spmi.ts'

/** One thing that was done. Paths are absolute. */
export type Step =
  | { readonly kind: 'make'; readonly path: string; readonly what: 'file' | 'folder' | 'fifo' }
  | { readonly kind: 'open'; readonly path: string }
  | {
      readonly kind: 'write'
      readonly path: string
      readonly bytes: Uint8Array
      /** An offset, or right after the last write or all there is. */
      readonly at: number | 'next' | 'end'
    }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'sync'; readonly path: string }
  /** The program has ended, with this status: whoever has called it knows. */
  | { readonly kind: 'end'; readonly status: number }

const CALLS =
  'open,openat,creat,write,pwrite64,writev,ftruncate,truncate,rename,renameat,renameat2,mkdir,mkdirat,mknod,mknodat,' +
  'unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,fsync,fdatasync,syncfs,sync,exit_group'

/** Runs a program to the end of all that it has started. @returns what was done, of files those below the folder or named */
export async function recordWrites(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  isOurs: (path: string) => boolean,
): Promise<Step[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spmi-record-'))
  try {
    const log = join(folder, 'log')
    const strace = [
      'strace',
      '-f',
      '-qq',
      '-y',
      '-xx',
      '-s',
      '1048576',
      '-e',
      'signal=none',
      '-e',
      `trace=${CALLS}`,
      '-o',
      log,
    ]
    const { status, stderr } = await runProgram([...strace, ...argv], { environment, timeout: 60_000 })
    const lines = joinInterrupted(readFileSync(log, 'latin1').split('\n'))
    const main = lines[0]?.pid
    if (main === undefined) throw new Error(`strace has recorded nothing (${status}): ${stderr}`)
    return readSteps(lines, main, isOurs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Line {
  readonly pid: string
  readonly text: string
}

/** Puts calls that strace has written in two pieces together, at the place of the second. */
function joinInterrupted(lines: readonly string[]): Line[] {
  const begun = new Map<string, string>()
  return lines.flatMap(line => {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (text.startsWith('exit_group(')) return [{ pid, text }] // which has no answer
    const [, first] = /^(.*) <unfinished \.\.\.>$/.exec(text) ?? []
    if (first !== undefined) {
      begun.set(pid, first)
      return []
    }
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? []
    return text === '' ? [] : [{ pid, text: rest === undefined ? text : `${begun.get(pid)}${rest}` }]
  })
}

/** The calls that succeeded. */
function readSteps(lines: readonly Line[], main: string, isOurs: (path: string) => boolean): Step[] {
  const appended = new Set<string>()
  return lines.flatMap(({ pid, text }): Step[] => {
    const [, call = '', words = '', answer = ''] = /^(\w+)\((.*)\) += (\S+)/.exec(text) ?? []
    if (text.startsWith('exit_group('))
      return pid === main ? [{ kind: 'end', status: Number.parseInt(text.slice(11), 10) }] : []
    if (call === '' || answer.startsWith('-') || answer === '?') return []
    const [, file] = /^\d+<([^>]*)>/.exec(words) ?? [] // where the first word is an open file
    const [path = '', to = ''] = file === undefined || call.endsWith('at') ? readPaths(words) : [decode(file)]
    if (!isOurs(path)) return []
    switch (call) {
      case 'open':
      case 'openat':
      case 'creat': {
        if (call !== 'creat' && !/O_WRONLY|O_RDWR/.test(words)) return []
        if (words.includes('O_TRUNC') && !words.includes('O_EXCL')) throw new Error(`not modelled: ${text}`)
        if (words.includes('O_APPEND')) appended.add(path)
        else appended.delete(path)
        return [
          ...(words.includes('O_CREAT') ? [{ kind: 'make', path, what: 'file' } as const] : []),
          { kind: 'open', path },
        ]
      }
      case 'write':
      case 'pwrite64': {
        const [, bytes = '', offset] = /"([^"]*)", \d+(?:, (\d+))?$/.exec(words) ?? []
        const written = Buffer.from(decode(bytes), 'latin1').subarray(0, Number(answer))
        const at = offset !== undefined ? Number(offset) : appended.has(path) ? 'end' : 'next'
        return [{ kind: 'write', path, bytes: written, at }]
      }
      case 'fsync':
      case 'fdatasync':
        return [{ kind: 'sync', path }]
      case 'mkdir':
      case 'mkdirat':
        return [{ kind: 'make', path, what: 'folder' }]
      case 'mknod':
      case 'mknodat':
        return [{ kind: 'make', path, what: 'fifo' }]
      case 'rename':
      case 'renameat':
      case 'renameat2':
        return [{ kind: 'rename', path, to }]
      case 'unlink':
      case 'unlinkat':
      case 'rmdir':
        return [{ kind: 'remove', path }]
      default:
        throw new Error(`not modelled: ${text.slice(0, 300)}`)
    }
  })
}

/** The paths among the words of a call, absolute: `"path"`, or `3</folder>, "path"`. */
function readPaths(words: string): string[] {
  return [...words.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"/g)].map(
    ([, folder = '', name = '']) => {
      const path = decode(name)
      return path.startsWith('/') ? path : join(decode(folder), path)
    },
  )
}

/** Each byte is written as \xNN. @returns a character for each byte, which is enough for paths in ASCII */
function decode(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
}
