/** The ways to run a command: one line per wrapper. */
import { Registry } from '../../../core/registry.ts'
import { DefaultWrapper } from './default.ts'
import { TerminalWrapper } from './terminal.ts'
import { isWrapperClass, type WrapperClass } from './wrapper.ts'

/** The wrapper of a task that names none. */
export const DEFAULT_WRAPPER = 'default'

export const wrapperClasses = new Registry<WrapperClass>(
  'Wrapper',
  { DefaultWrapper, TerminalWrapper },
  isWrapperClass,
)
