/**
 * Terminals, ours and those of tasks, by stty(1). The raw mode of Node's own tty module is none: it goes on turning line
 * feeds into new lines, which moves the cursor of a program that draws (uv_tty_set_mode of libuv).
 */
import { SpmiError } from '../errors.ts'
import { type Environment, exec, explainFailure } from './exec.ts'

/** In character cells. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** A terminal. */
export class Terminal {
  readonly #path: string | undefined
  readonly #environment: Environment

  /**
   * @param path its path; undefined for the one that is our standard input
   * @param environment where stty is found
   */
  constructor(path: string | undefined, environment: Environment) {
    this.#path = path
    this.#environment = environment
  }

  /** Its size. One that does not know its own (a serial line) is taken to be as most are. */
  async readSize(): Promise<TerminalSize> {
    const [rows, columns] = (await this.#stty('size')).split(' ').map(Number)
    return { columns: columns || 80, rows: rows || 24 }
  }

  /** Changes its size. The kernel tells its programs where that is a change. */
  async resize({ columns, rows }: TerminalSize): Promise<void> {
    await this.#stty('rows', String(rows), 'cols', String(columns))
  }

  /** Keeps its modes in mind. @returns the function that gives them back */
  async keepModes(): Promise<() => Promise<void>> {
    const modes = (await this.#stty('-g')).trim()
    return async () => {
      await this.#stty(modes)
    }
  }

  /** Lets every key and all output through as they are. */
  async makeRaw(): Promise<void> {
    await this.#stty('raw', '-echo')
  }

  async #stty(...words: readonly string[]): Promise<string> {
    const device = this.#path === undefined ? [] : ['-F', this.#path]
    const result = await exec(['stty', ...device, ...words], {
      environment: this.#environment,
      timeout: 5000,
      sharesInput: this.#path === undefined,
    })
    if (result.status !== 0) throw new SpmiError('system', explainFailure('stty', result))
    return result.stdout
  }
}
