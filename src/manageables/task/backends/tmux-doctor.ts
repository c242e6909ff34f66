/**
 * Whether tmux can be used: its program, the folder of its sockets, which it makes itself when it is first used, and
 * our server where one runs: after an upgrade it may be too old for the program. Measured with 3.3a.
 */
import { getuid } from 'node:process'
import type { Environment } from '../../../system/exec.ts'
import { ask, examineProgram, examineVersion, type Finding, ok, problem } from '../../../system/finding.ts'
import { lookAtFolder } from '../../../system/folder.ts'
import { examineLogout } from './logout.ts'

const TOPIC = 'socket folder'

/** What a sun_path holds before its NUL (unix(7)). */
const MAX_SOCKET = 107

/** Examines tmux. @param socket the name of our server's socket */
export async function examineTmux(environment: Environment, socket: string): Promise<readonly Finding[]> {
  const program = examineProgram('tmux', 'tmux', environment)
  if (program.level !== 'ok') return [program]
  const folder = examineFolder(environment, socket)
  const [version, server, logout] = await Promise.all([
    ask(['tmux', '-V'], environment),
    folder.level === 'ok' ? examineServer(environment, socket) : [],
    examineLogout(environment),
  ])
  return [program, examineVersion(version, { tested: '3.3a' }), folder, ...server, ...logout]
}

function examineFolder(environment: Environment, socket: string): Finding {
  const path = folderOf(environment)
  if (Buffer.byteLength(`${path}/${socket}`) > MAX_SOCKET)
    return problem(TOPIC, `"${path}" is too long for the path of a socket`, 'set TMUX_TMPDIR to a short one')
  const folder = lookAtFolder(path)
  if (folder === undefined) {
    const parent = path.slice(0, path.lastIndexOf('/'))
    if (lookAtFolder(parent)?.isWritable) return ok(TOPIC, `${path} (made by the first session)`)
    return problem(TOPIC, `"${parent}" cannot be written to`, 'set TMUX_TMPDIR to a folder of yours')
  }
  if (!folder.isOurs)
    return problem(TOPIC, `"${path}" belongs to another user`, 'set TMUX_TMPDIR to another one')
  if ((folder.mode & 0o007) !== 0)
    return problem(TOPIC, `"${path}" is open to other users`, `chmod 700 ${path}`)
  return ok(TOPIC, path)
}

/** Source: tmux(1), -L. A folder that does not exist is passed over. */
function folderOf({ TMUX_TMPDIR }: Environment): string {
  const isThere = TMUX_TMPDIR && lookAtFolder(TMUX_TMPDIR) !== undefined
  return `${isThere ? TMUX_TMPDIR : '/tmp'}/tmux-${getuid?.() ?? 0}`
}

/** Our server, if one runs. A client that only asks makes none, but it would make the folder. */
async function examineServer(environment: Environment, socket: string): Promise<readonly Finding[]> {
  if (lookAtFolder(folderOf(environment)) === undefined) return []
  const { text, failure } = await ask(['tmux', '-L', socket, '-f', '/dev/null', 'list-sessions'], environment)
  if (text !== undefined || /^(no server running|error connecting to .*\(No such file)/.test(failure))
    return []
  return [
    problem('server', `does not answer: ${failure}`, `end its tasks, then: tmux -L ${socket} kill-server`),
  ]
}
