/**
 * Quoting for POSIX sh: the only place that writes a string into shell text.
 * Source: POSIX.1-2017, Shell Command Language, 2.2.2 (single quotes preserve every character but the quote).
 */

/**
 * A string as one shell word that stands for exactly that string.
 * @throws RangeError for a NUL, which neither a shell nor an argv can carry
 */
export function quote(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot hold a NUL character')
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Several strings as shell words for people, who read quotes only where they are needed. */
export function quoteWhereNeeded(words: readonly string[]): string {
  return words.map(word => (/^[\w./:,=@%+-]+$/.test(word) ? word : quote(word))).join(' ')
}

/** Several strings as shell words. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ')
}

/** One command that exports variables, one in a line; nothing for none. (With one for each dash takes longer.) */
export function quoteExports(variables: readonly (readonly [name: string, value: string])[]): string {
  const words = variables.map(([name, value]) => `${name}=${quote(value)}`)
  return words.length === 0 ? '' : `export ${words.join(' \\\n')}\n`
}

/** The variables that such commands set; lines that unset some may stand between. */
export function readExports(text: string): Record<string, string> {
  const line = /(?:unset [^\n]*|(?:export )?(\w+)=((?:'[^']*'|\\')*)(?: \\)?)\n/y
  const found: [string, string][] = []
  for (let match = line.exec(text); match !== null; match = line.exec(text)) {
    const [, name, word = ''] = match
    const value = word.replaceAll(/'([^']*)'|\\'/g, (_, plain?: string) => plain ?? "'")
    if (name !== undefined) found.push([name, value])
  }
  return Object.fromEntries(found)
}

/** Source: POSIX.1-2017, Shell Command Language, 2.4 (reserved words), and what bash and ksh add. */
const RESERVED =
  /^(case|coproc|do|done|elif|else|esac|fi|for|function|if|in|namespace|select|then|time|until|while)$/

/** An argv as a command for a shell, which runs it word for word: the first one is neither an assignment nor a keyword. */
export function quoteCommand([program = '', ...args]: readonly string[]): string {
  const isSpecial = program.includes('=') || RESERVED.test(program)
  return [isSpecial ? quote(program) : quoteWhereNeeded([program]), quoteWhereNeeded(args)]
    .join(' ')
    .trimEnd()
}

/** The name of a variable that a shell can carry. Source: POSIX.1-2017, Base Definitions, 3.235 (name). */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Whether a shell can carry a variable of this name. */
export function isVariableName(name: string): boolean {
  return VARIABLE_NAME.test(name)
}
