/** completion: the script that a shell loads. The same for every version: what may stand in a line it asks the program. */
import bash from '../completion/spmi.bash' with { type: 'text' }
import fish from '../completion/spmi.fish' with { type: 'text' }
import zsh from '../completion/spmi.zsh' with { type: 'text' }
import type { ExitStatus, Session } from '../session.ts'

const SCRIPTS: Readonly<Record<string, string>> = { bash, fish, zsh }

/** Prints the script of a shell. */
export async function runCompletion({ context, json, operands: [shell = ''] }: Session): Promise<ExitStatus> {
  const script = SCRIPTS[shell] ?? ''
  if (json) json.add({ script })
  else context.stdout.write(script)
  return 0
}
