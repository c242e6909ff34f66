/** What must not be shown to whoever looks over a shoulder: values of variables whose names, or whose form, say that they are secret. */

/** What stands in the place of a value. */
export const HIDDEN = '***'

const SECRET_NAME = /TOKEN|SECRET|PASSW|PASSPHRASE|(?:^|_)PASS(?:$|_)|KEY|CREDENTIAL|AUTH|COOKIE/i

/** An address with a password: `postgres://name:password@host/`. */
const SECRET_VALUE = /:\/\/[^/\s:@]*:[^/\s@]+@/

/** Whether the value of a variable may be secret. */
export function isSecret(name: string, value: string): boolean {
  return value !== '' && (SECRET_NAME.test(name) || SECRET_VALUE.test(value))
}

/** Variables with their secret values hidden. */
export function hideVariables(variables: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(variables)
  return Object.fromEntries(entries.map(([name, value]) => [name, isSecret(name, value) ? HIDDEN : value]))
}

/** `name = value` and `name: value` as TOML, YAML and JSON write it; a value may go over several lines in TOML alone. A name is
 * looked for at its beginning only: the time must be linear. */
const ASSIGNMENT =
  /(["']?(?<![\w-])[\w-]+["']?\s*[=:][ \t]*)("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'{[,}\]#|>][^,}\]\n#]*)/g

/**
 * The text of a descriptor with secret values hidden: those that are assigned to secret names, and every line of what the
 * loaded descriptor holds under such names, however it is written.
 * @param table the loaded descriptor
 */
export function hideInDescriptor(text: string, table: unknown): string {
  const hidden = text.replaceAll(ASSIGNMENT, (whole: string, name: string, value: string) =>
    isSecret(name, value) ? `${name}${quoteOf(value)}${HIDDEN}${quoteOf(value)}` : whole,
  )
  const lines = collectSecrets(table).flatMap(value => value.split('\n').map(line => line.trim()))
  // What is as short as a number or a word would be found everywhere; it was hidden by its name above.
  return lines.filter(line => line.length > 3).reduce((rest, line) => rest.replaceAll(line, HIDDEN), hidden)
}

function quoteOf(value: string): string {
  return /^["']/.exec(value)?.[0] ?? ''
}

function collectSecrets(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return isSecret(name, value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) =>
    collectSecrets(each, Array.isArray(value) ? name : key),
  )
}
