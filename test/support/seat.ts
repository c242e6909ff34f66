/** A terminal that somebody sits at: a shell in a window of tmux, which is typed on and looked at. */
import { expect } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './spmi.ts'

const PROMPT = 'seat> '

/** A terminal of a test's own. */
export class Seat {
  readonly #folder = mkdtempSync(join(tmpdir(), 'spmi-seat-'))
  readonly #socket = join(this.#folder, 'socket')

  /** @param environment that of the shell */
  constructor(environment: NodeJS.ProcessEnv, size = { columns: 100, rows: 30 }) {
    const variables = Object.entries({ ...environment, PS1: PROMPT, ENV: '' }).map(pair => pair.join('='))
    const geometry = ['-x', String(size.columns), '-y', String(size.rows)]
    const shell = ['env', '-i', 'TERM=screen', ...variables.filter(pair => !pair.startsWith('TERM=')), 'sh']
    this.#tmux('-u', '-f', '/dev/null', 'new-session', '-d', ...geometry, ...shell)
  }

  /** Presses keys, by tmux's names: `C-c`, `Escape`, `Enter`; all else is typed as it is. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /** Types a line. */
  enter(line: string): void {
    this.#tmux('send-keys', '-l', line)
    this.press('Enter')
  }

  /** What is seen, line by line, from above. */
  get lines(): string[] {
    return this.#tmux('capture-pane', '-p').replace(/\n$/, '').split('\n')
  }

  /** What is seen. */
  get screen(): string {
    return this.lines.join('\n')
  }

  /** Waits until something is seen. */
  async shows(what: string | RegExp): Promise<void> {
    const isThere = () => (typeof what === 'string' ? this.screen.includes(what) : what.test(this.screen))
    await until(isThere).catch(() => expect(this.screen).toMatch(what))
  }

  /** Runs a command and waits for what it prints. @returns that */
  async ask(command: string): Promise<string> {
    this.enter(`clear; ${command}; echo end-of-it`)
    await this.shows(/^end-of-it$/m)
    return this.screen.slice(0, this.screen.indexOf('end-of-it')).trim()
  }

  /** What tmux knows of the terminal. @param format by tmux's variables: `#{pane_title}` */
  describe(format: string): string {
    return this.#tmux('display-message', '-p', format).replace(/\n$/, '')
  }

  /** What programs have copied. */
  get clipboard(): string {
    return this.#tmux('list-buffers', '-F', '#{buffer_sample}')
  }

  /** Lets programs do to the terminal all that tmux can let them do, and writes every byte that they send to it into a file. */
  trust(path: string): void {
    this.#tmux('set-option', '-s', 'set-clipboard', 'on')
    this.#tmux('set-option', '-g', 'allow-rename', 'on')
    this.#tmux('set-option', '-g', 'automatic-rename', 'off') // which follows what runs there
    this.#tmux('set-option', '-g', 'allow-passthrough', 'on')
    this.#tmux('pipe-pane', '-O', `cat >>'${path}'`)
  }

  /** Whether a program has a screen of its own here. */
  get isOtherScreen(): boolean {
    return this.#tmux('display-message', '-p', '#{alternate_on}').trim() === '1'
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** Takes the terminal away from whoever uses it. */
  kill(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server'])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #tmux(...words: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', this.#socket, ...words], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`tmux ${words.join(' ')}: ${stderr}`)
    return stdout
  }
}
