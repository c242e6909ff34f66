/** What `spmi start --dry-run` shows. */
import type { Launch } from '../../system/exec.ts'
import { quoteWhereNeeded } from '../../system/shell-quote.ts'
import type { Preview } from '../../verbs/start.ts'
import type { Output } from '../context.ts'
import { renderBlock } from '../render.ts'
import { makeOneLine, textFor } from '../style.ts'

/** The block of one manageable, and the script: as it is, or on a terminal spelled out. */
export function renderPlan({ manageable, plan }: Preview['planned'][number], output: Output): string {
  const lines = [
    ...plan.lines,
    { label: 'Launched by', value: plan.launch === undefined ? 'its backend' : renderLaunch(plan.launch) },
    { label: 'Script', value: `"${plan.path}"` },
  ].map(({ label, value }) => ({ label, value: makeOneLine(value) }))
  return renderBlock(manageable, lines, [textFor(output, plan.script.replace(/\n$/, ''))])
}

/** A command line that a shell would run in the same way. */
function renderLaunch({ argv, directory }: Launch): string {
  const command = quoteWhereNeeded(argv)
  return directory === undefined ? command : `cd ${quoteWhereNeeded([directory])} && ${command}`
}
