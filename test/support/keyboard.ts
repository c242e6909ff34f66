/**
 * A real interactive shell on a terminal of its own, which script(1) gives it, and somebody who types: each line, then a tab,
 * then a key that writes down what stands in the line, as the words that the shell would make of it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './spmi.ts'

/** What makes control-T write the words of the line into $WORDS, each followed by a NUL, and empty the line. */
const KEYS = {
  bash: `
note() { eval "set -- $READLINE_LINE"; printf '%s\\0' "$@" >"$WORDS.new"; mv "$WORDS.new" "$WORDS"; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\\C-t": note'
`,
  zsh: `
autoload -U compinit && compinit -u -d "$WORDS.dump"
note() { eval "set -- $BUFFER"; printf '%s\\0' "$@" >"$WORDS.new"; mv "$WORDS.new" "$WORDS"; BUFFER= }
zle -N note; bindkey '^T' note
`,
  fish: `
function note; eval "set -l words "(commandline); printf '%s\\0' $words >"$WORDS.new"; mv "$WORDS.new" "$WORDS"; commandline ''; end
bind \\ct note
`,
} as const
const START = {
  bash: 'bash --noprofile --rcfile keys -i',
  zsh: 'zsh -f -i',
  fish: 'fish --no-config --interactive --init-command "source keys"',
} as const

export type Shell = keyof typeof KEYS

/** A shell that waits for what is typed. */
export class Keyboard {
  readonly #shell: ChildProcess
  readonly #words: string

  private constructor(shell: ChildProcess, words: string) {
    this.#shell = shell
    this.#words = words
  }

  /**
   * Starts a shell.
   * @param folder its directory, in which files of its own are made
   * @param setup the first lines that it reads
   */
  static async open(
    shell: Shell,
    folder: string,
    setup: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<Keyboard> {
    mkdirSync(folder, { recursive: true })
    const words = join(folder, 'words')
    const ready = join(folder, 'ready')
    writeFileSync(join(folder, 'keys'), `${KEYS[shell]}\n${setup}\n: >${ready}\n`)
    const child = spawn('script', ['-qec', START[shell], '/dev/null'], {
      cwd: folder,
      env: { ...environment, TERM: 'xterm', HOME: folder, WORDS: words, SHELL: '/bin/sh' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    if (shell === 'zsh') child.stdin?.write('source ./keys\n')
    await until(() => existsSync(ready), 20_000)
    return new Keyboard(child, words)
  }

  /** Types the beginning of a line and a tab. @returns the words that then stand there */
  async complete(line: string): Promise<string[]> {
    rmSync(this.#words, { force: true })
    this.#shell.stdin?.write(`${line}\t\x14`)
    await until(() => existsSync(this.#words), 20_000)
    return readFileSync(this.#words, 'utf8').split('\0').slice(0, -1)
  }

  /** Ends the shell. */
  close(): void {
    this.#shell.kill('SIGKILL')
  }
}
