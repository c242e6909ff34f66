/** What a page of the documentation shows: files that it tells to write, and commands with what they print. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readTranscript, type ShownCommand } from './transcript.ts'

export const ROOT = resolve(import.meta.dir, '../..')

/** The code blocks of a page that follow a line with nothing but a file's name. */
export function readFiles(page: string): Map<string, string> {
  const blocks = readPage(page).matchAll(/^`([\w.-]+)`\n\n```\w+\n(.*?)^```$/gms)
  return new Map([...blocks].map(([, name = '', code = '']) => [name, code]))
}

/** The commands of all console blocks of a page, in order. */
export function readCommands(page: string): ShownCommand[] {
  const blocks = [...readPage(page).matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = '']) => text)
  return blocks.flatMap(readTranscript)
}

function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}
