/** Files of commands and what they print, as was looked at and found good: they are compared with, or written anew. */
import { expect } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { readTranscript } from './transcript.ts'

const isUpdate = process.env['SPMI_GOLDEN'] === 'update'

/** A golden file: a line about itself, and blocks of a command and what it prints, between blank lines. */
export class Golden {
  readonly commands: readonly string[]
  readonly #file: string
  readonly #head: string
  readonly #printed: Map<string, string>
  readonly #updated = new Map<string, string>()

  /** @param commands those that stand there; by default all that are found there */
  constructor(file: string, commands?: readonly string[]) {
    const text = readFileSync(file, 'utf8')
    this.#file = file
    this.#head = text.split('\n', 1)[0] as string
    this.#printed = new Map(
      readTranscript(text).map(({ command, printed }) => [command, printed.trimEnd()] as const),
    )
    this.commands = commands ?? [...this.#printed.keys()]
  }

  /** Compares what a command has printed. What is written anew must be the same the next time. */
  compare(command: string, printed: string): void {
    const known = isUpdate ? this.#updated : this.#printed
    if (isUpdate && !known.has(command)) known.set(command, printed)
    expect(`$ ${command}\n${printed}`).toBe(`$ ${command}\n${known.get(command)}`)
  }

  /** Writes the file anew, if that is wanted. */
  save(): void {
    if (!isUpdate) return
    const blocks = this.commands.map(command => `$ ${command}\n${this.#updated.get(command)}`.trimEnd())
    writeFileSync(this.#file, `${[this.#head, ...blocks].join('\n\n')}\n`)
  }
}
