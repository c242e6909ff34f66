/**
 * The terminal wrapper: the command runs on a terminal of its own, which script(1) holds and records. All else is as in
 * the default wrapper, whose script it shares.
 */
import type * as v from 'valibot'
import type { DiagnosisContext } from '../../../core/diagnosis.ts'
import type { DescriptorPlace } from '../../../core/place.ts'
import { SpmiError } from '../../../errors.ts'
import type { Finding } from '../../../system/finding.ts'
import { quoteExports } from '../../../system/shell-quote.ts'
import defaultBody from './default.sh' with { type: 'text' }
import { DefaultWrapper, type LaunchPlan } from './default.ts'
import terminalBody from './terminal.sh' with { type: 'text' }
import type { TerminalOptions as Options } from './terminal-schema.ts'
import type { WrapperJob, WrapperOptions } from './wrapper.ts'

/** What describes the terminal of the start, and says nothing about the command's. */
const FOREIGN_VARIABLES = ['COLUMNS', 'LINES', 'TERMCAP']

/** What nearly all terminals understand; and a type that says that there is nothing to understand. */
const USUAL_TYPE = 'xterm-256color'
const NO_TYPE = /^(dumb|unknown)?$/

/** Runs a command on a terminal. */
export class TerminalWrapper extends DefaultWrapper {
  static override async loadEntries(): Promise<v.ObjectEntries> {
    return (await import('./terminal-schema.ts')).TERMINAL_ENTRIES
  }

  override normalise(raw: WrapperOptions, place: DescriptorPlace): WrapperOptions {
    return super.normalise({ ...raw, stdin: 'fifo' }, place)
  }

  override async diagnose(
    uses: readonly WrapperOptions[],
    context: DiagnosisContext,
  ): Promise<readonly Finding[]> {
    const { examineTerminal } = await import('./terminal-doctor.ts')
    const [shared, terminal] = await Promise.all([
      super.diagnose(uses, context),
      examineTerminal(context.environment),
    ])
    // What is well with the default wrapper is said there.
    return [...shared.filter(({ level }) => level !== 'ok'), terminal]
  }

  protected override planLaunch(job: WrapperJob, script: string | undefined): LaunchPlan {
    if (script === undefined)
      throw new SpmiError('start-failed', 'the program "script" is missing', {
        hint: 'install util-linux (Debian: apt install bsdutils)',
      })
    const { columns, rows } = job.options as Options
    const encoding = isUtf8(job) ? 'iutf8' : '-iutf8'
    return {
      assignments: {
        terminal: script,
        modes: `rows ${rows} cols ${columns} echo ${encoding}`,
        hangup: 'HUP',
      },
      body: `${terminalBody}\n${defaultBody}`,
      exports: describeTerminal(job),
    }
  }
}

/** Lines for env: the type of the terminal, and nothing of the one of the start. What the descriptor says prevails. */
function describeTerminal({ environment, terminalType, options }: WrapperJob): string {
  const { env } = options as Options
  const foreign = FOREIGN_VARIABLES.filter(name => !Object.hasOwn(env, name))
  const unset = foreign.length === 0 ? '' : `unset ${foreign.join(' ')}\n`
  if (Object.hasOwn(env, 'TERM')) return unset
  const { TERM = '' } = environment
  const type = terminalType ?? (NO_TYPE.test(TERM) ? USUAL_TYPE : TERM)
  return `${unset}${quoteExports([['TERM', type]])}`
}

/** Whether the kernel, where it erases a character that was typed, must erase all of its bytes. */
function isUtf8({ environment, options }: WrapperJob): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = { ...environment, ...(options as Options).env }
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}
