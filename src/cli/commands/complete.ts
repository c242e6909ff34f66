/**
 * complete: what the scripts in cli/completion ask. The first line of the answer is the files that may stand there, each other
 * line a word; for zsh and fish a tab and its meaning follow. `spmi complete -- zsh WORD...` is given the words after the
 * program's name up to the cursor, `spmi complete -- bash LINE WORDBREAKS` the line as it was typed.
 */
import { listBackends, listIds } from '../../verbs/words.ts'
import { COMMANDS } from '../commands.ts'
import { readBashLine, writeBashWord } from '../completion/bash-line.ts'
import { complete, type Line } from '../completion/candidates.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Answers the script of a shell. */
export async function runComplete(session: Session): Promise<ExitStatus> {
  const [shell, ...words] = session.operands
  const lines = shell === 'bash' ? answerBash(session, words) : answerWords(session, words)
  session.context.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

function answerBash(session: Session, [text = '', wordBreaks = '']: readonly string[]): string[] {
  const line = readBashLine(text, wordBreaks)
  const { candidates, files } = ask(session, line)
  const words = candidates.map(({ word }) => writeBashWord(word, line))
  return [files, ...words.filter(word => word !== undefined)]
}

function answerWords(session: Session, words: readonly string[]): string[] {
  const { candidates, files } = ask(session, { before: words.slice(0, -1), current: words.at(-1) ?? '' })
  return [files, ...candidates.map(({ word, meaning }) => `${word}\t${meaning}`)]
}

function ask({ catalog }: Session, line: Line) {
  return complete(line, COMMANDS, { ids: () => listIds(catalog), backends: () => listBackends(catalog) })
}
