/** edit: the descriptor in the user's editor, which is called as git does it. */
import { SpmiError } from '../../errors.ts'
import { execOnTerminal } from '../../system/exec.ts'
import { edit } from '../../verbs/edit.ts'
import type { ExitStatus, Session } from '../session.ts'
import { makeOneLine } from '../style.ts'
import { explainReloaded } from './load.ts'

/** Opens the descriptor of a manageable in the editor, again and again until it is right or given up. */
export async function runEdit(session: Session): Promise<ExitStatus> {
  const { context, log, catalog, operands } = session
  const [id = ''] = operands
  const isToBeMended = async (wrong: SpmiError | AggregateError) => {
    const errors: readonly unknown[] = wrong instanceof AggregateError ? wrong.errors : [wrong]
    const answer = await context.ask(
      `${errors.map(error => makeOneLine(sayError(error))).join('\n')}\nEdit it again? [Y/n] `,
    )
    return answer !== undefined && /^(y|yes)?$/i.test(answer)
  }
  const edited = await edit(catalog, id, { change: path => openEditor(path, session), isToBeMended })
  if (edited === undefined) log.info(`Manageable "${id}" is unchanged`)
  else {
    explainReloaded(session, edited)
    log.info(`Edited manageable "${id}"`)
  }
  return 0
}

function sayError(error: unknown): string {
  if (error instanceof SpmiError) return error.message
  throw error
}

/**
 * Opens a file in $VISUAL, $EDITOR or vi. As git does it, the variable is a command for the shell, which may have arguments; the
 * path is passed on to it and never part of it.
 */
async function openEditor(path: string, { context, catalog }: Session): Promise<void> {
  const { environment } = catalog.context
  const editor = environment.VISUAL || environment.EDITOR || 'vi'
  const stopListening = context.onSignal(['SIGINT'], () => {}) // ^C is for the editor, which shares our terminal
  try {
    const argv = ['sh', '-c', `${editor} "$@"`, editor, path]
    const status = await execOnTerminal({ argv, directory: context.cwd, environment })
    if (status !== 0)
      throw new SpmiError(
        'edit-failed',
        `the editor "${editor}" ${status === null ? 'was killed' : `ended with status ${status}`}`,
        {
          hint: 'nothing was changed; set $VISUAL or $EDITOR to another one',
        },
      )
  } finally {
    stopListening()
  }
}
