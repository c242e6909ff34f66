/** What `[task.wrapper]` may hold for the terminal wrapper. Loaded by `load` alone. */
import * as v from 'valibot'
import { DEFAULT_ENTRIES, stopSignals } from './default-schema.ts'

const { mixed_stdout: _, stdin: __, stop_signal: ___, ...SHARED_ENTRIES } = DEFAULT_ENTRIES

/** A number of character cells, as the kernel keeps it (tty_ioctl(4)). */
const cells = (byDefault: number) =>
  v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1, 'must be at least 1'), v.maxValue(65_535, 'is too large')),
    byDefault,
  )

/** The keys of `[task.wrapper]` for the terminal wrapper. */
export const TERMINAL_ENTRIES = {
  ...SHARED_ENTRIES,
  mixed_stdout: v.pipe(
    v.optional(v.literal(true, 'must be true: a terminal has one output'), true),
    v.description('A terminal has one output for stdout and stderr.'),
  ),
  stop_signal: stopSignals(['SIGINT', 'SIGTERM', 'SIGHUP']),
  columns: v.pipe(cells(80), v.description('Width of the terminal while nobody is connected.')),
  rows: v.pipe(cells(24), v.description('Height of the terminal while nobody is connected.')),
}

/** What is loaded: checked, with defaults filled in. */
export type TerminalOptions = v.InferOutput<v.StrictObjectSchema<typeof TERMINAL_ENTRIES, undefined>>
