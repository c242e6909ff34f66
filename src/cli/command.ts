/** A row of the table of commands. */
import type { OptionTable, OptionValues } from './options.ts'
import type { ExitStatus, Session } from './session.ts'

/** What follows a command. */
export interface Operand {
  /** What stands before it. */
  readonly first?: string
  /** As the help shows it. Completion knows by it what may stand here: SOURCES in completion/candidates.ts. */
  readonly name: string
  readonly isRepeated: boolean
  /** Whether it may be left out. */
  readonly isOptional?: boolean
  /** The words that it may be, where they are few and known: anything else is refused, and completion offers them. */
  readonly words?: readonly string[]
}

/** A command of the program. */
export interface CommandRow<Options extends OptionTable = OptionTable> {
  readonly name: string
  /** What follows the command; undefined for nothing. */
  readonly operand?: Operand
  /** What it takes besides the options of the program. */
  readonly options?: Options
  readonly summary: string
  /** Whether only programs call it, so that no help shows it. */
  readonly isHidden?: boolean
  readonly run: (session: Session<OptionValues<Options>>) => Promise<ExitStatus>
}

/** A row whose `run` gets the values of its options by their types. */
export function withOptions<const Options extends OptionTable>(row: CommandRow<Options>): CommandRow {
  return row as unknown as CommandRow // it is called with what was parsed by its own table
}
