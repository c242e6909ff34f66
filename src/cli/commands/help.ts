/** help: the screen of all commands, or of one. */
import { COMMANDS } from '../commands.ts'
import { renderCommandHelp, renderHelp } from '../help.ts'
import { unknownCommand } from '../parse.ts'
import type { ExitStatus, Session } from '../session.ts'

/** Shows how a command is called. */
export async function runHelp({ context, json, operands: [name] }: Session): Promise<ExitStatus> {
  const command = COMMANDS.find(row => row.name === name)
  if (name !== undefined && command === undefined) throw unknownCommand(name, COMMANDS)
  const help = command === undefined ? renderHelp(COMMANDS) : renderCommandHelp(command)
  if (json) json.add({ help })
  else context.stdout.write(help)
  return 0
}
