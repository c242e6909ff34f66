/** What `[task.wrapper]` may hold for the default wrapper. Loaded by `load` alone. */
import * as v from 'valibot'
import { isTable } from '../../../core/check.ts'
import { refuseSignal } from '../../../core/signal-name.ts'
import { SIGNALS, type SignalName } from '../../../system/process.ts'
import { isVariableName, VARIABLE_NAME } from '../../../system/shell-quote.ts'

const NUL_FREE = /^[^\x00]*$/
const text = v.pipe(v.string(), v.regex(NUL_FREE, 'must not hold a NUL character'))
const filled = v.pipe(text, v.minLength(1, 'must not be empty'))
const signal = v.picklist(SIGNALS)
/**
 * Not the library's record, which drops the names that every object has: `constructor`, `__proto__`. Editors are told the same by
 * the metadata.
 */
const variables = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(isTable, 'must be table, not a list or a date'),
  v.metadata({
    type: 'object',
    propertyNames: { pattern: VARIABLE_NAME.source },
    additionalProperties: { type: ['string', 'number', 'boolean'], pattern: NUL_FREE.source },
  }),
  v.rawTransform(({ dataset, addIssue }) => {
    const input = { ...dataset.value }
    const variables: [string, string][] = []
    for (const [key, value] of Object.entries(input)) {
      const message = refuseVariable(key, value)
      if (message === undefined) variables.push([key, String(value)])
      else addIssue({ message, path: [{ type: 'object', origin: 'value', input, key, value }] })
    }
    return Object.fromEntries(variables)
  }),
)

/** A signal, or a list of signals, with a default. */
export const stopSignals = (byDefault: readonly SignalName[]) =>
  v.pipe(
    v.optional(
      v.union([signal, v.pipe(v.array(signal), v.minLength(1))], ({ input }) => refuseSignals(input)),
      [...byDefault],
    ),
    v.description('Signal that asks the command to end, or a list that is worked through.'),
    v.transform(toList),
  )

/** The keys of `[task.wrapper]` for the default wrapper. */
export const DEFAULT_ENTRIES = {
  command: v.pipe(filled, v.description('Shell command to start.')),
  mixed_stdout: v.pipe(
    v.optional(v.boolean(), false),
    v.description('Write stdout and stderr of the command to a single file.'),
  ),
  cwd: v.pipe(
    v.optional(filled, '.'),
    v.description(
      'Folder in which the command runs. A relative path counts from the folder of the descriptor.',
    ),
  ),
  env: v.pipe(v.optional(variables, {}), v.description('Variables added to the environment of the start.')),
  env_file: v.pipe(
    v.optional(v.union([filled, v.array(filled)], 'must be a path or a list of paths'), []),
    v.description('Files of NAME=value lines, read at each start; env prevails over them.'),
    v.transform(toList),
  ),
  shell: v.pipe(
    v.optional(v.pipe(v.array(text), v.minLength(1, 'must name a program')), ['sh', '-c']),
    v.description('Program, with its arguments, that is given the command as its last argument.'),
  ),
  stdin: v.pipe(
    v.optional(filled, 'fifo'),
    v.description('"fifo" for input by "spmi connect", "null" for none, or the path of a file.'),
  ),
  stop_signal: stopSignals(['SIGINT', 'SIGTERM']),
  stop_timeout: v.pipe(
    v.optional(v.pipe(v.number(), v.minValue(0, 'must not be negative'), v.maxValue(1e6, 'is too long')), 10),
    v.description('Seconds until "spmi stop" gives up.'),
  ),
}

/** What is loaded: checked, with defaults filled in. */
export type DefaultOptions = v.InferOutput<v.StrictObjectSchema<typeof DEFAULT_ENTRIES, undefined>>

function toList<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value]
}

/** What is wrong with the first of some names that is not that of a signal. */
function refuseSignals(input: unknown): string {
  const wrong = toList(input).find(name => !SIGNALS.includes(name as SignalName))
  return typeof wrong === 'string' ? refuseSignal(wrong) : 'must be a signal or a list of signals'
}

function refuseVariable(name: string, value: unknown): string | undefined {
  if (!isVariableName(name)) return 'is not the name of a variable: letters, digits and "_", no digit first'
  if (!['string', 'number', 'boolean'].includes(typeof value))
    return 'must be a string, a number or a boolean'
  if (typeof value === 'number' && !isExact(value))
    return 'is a number that cannot be kept; put it into quotes'
  return String(value).includes('\0') ? 'must not hold a NUL character' : undefined
}

/** Whether a number is the one that was written: parsers round large ones, and others have no digits. */
function isExact(value: number): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
}
