/**
 * Whether GNU Screen can be used: its program, and the folder of its sockets, which it makes itself when it is first used
 * (so it is asked only where there is one). Measured with 4.09.
 */
import type { Environment } from '../../../system/exec.ts'
import { ask, examineProgram, examineVersion, type Finding, ok, problem } from '../../../system/finding.ts'
import { findOwnFolder, hasRightsOfItsOwn, lookAtFolder } from '../../../system/folder.ts'
import { MAX_NAME } from './backend.ts'
import { examineLogout } from './logout.ts'

const TOPIC = 'socket folder'

/** Where the distributions let Screen keep the folders of its users. */
const PARENTS = ['/run/screen', '/run/screens', '/tmp/screens', '/tmp/uscreens']

/** A socket is `FOLDER/PID.NAME` in a sun_path of 108 bytes, of which the last is NUL (unix(7)). A pid has up to 7 digits. */
const MAX_FOLDER = 107 - '/4194304.'.length - MAX_NAME

/** Examines GNU Screen. */
export async function examineScreen(environment: Environment): Promise<readonly Finding[]> {
  const program = examineProgram('screen', 'screen', environment)
  if (program.level !== 'ok') return [program]
  const [version, folder, logout] = await Promise.all([
    ask(['screen', '--version'], environment),
    examineFolder(program.what, environment),
    examineLogout(environment),
  ])
  return [program, examineVersion(version, { tested: '4.09' }), folder, ...logout]
}

async function examineFolder(program: string, environment: Environment): Promise<Finding> {
  const chosen = environment.SCREENDIR || undefined
  const parent = PARENTS.find(path => lookAtFolder(path) !== undefined)
  const path = chosen ?? (parent && findOwnFolder(parent, 'S-'))
  if (path !== undefined && Buffer.byteLength(path) > MAX_FOLDER)
    return problem(
      TOPIC,
      `"${path}" is longer than ${MAX_FOLDER} bytes, which leaves no room for the names of sessions`,
      'set SCREENDIR to a short one',
    )
  if (path === undefined || lookAtFolder(path) === undefined) return examineParent(program, path, parent)
  const { mode, isOurs } = lookAtFolder(path) ?? {}
  if (!isOurs)
    return problem(TOPIC, `"${path}" belongs to another user`, 'set SCREENDIR to a folder of yours')
  if (mode !== 0o700) return problem(TOPIC, `"${path}" must have mode 700`, `chmod 700 ${path}`)
  return askForSessions(path, environment)
}

/** What Screen itself says of the folder; it answers 1 when there is no session. */
async function askForSessions(path: string, environment: Environment): Promise<Finding> {
  const { text, failure } = await ask(['screen', '-ls'], environment)
  return /^(\d+|No) Sockets? (found )?in /m.test(text ?? failure)
    ? ok(TOPIC, path)
    : problem(TOPIC, `"${path}" cannot be used: ${text ?? failure}`)
}

/** There is no folder yet. Screen makes it, if it may. */
function examineParent(program: string, path: string | undefined, shared: string | undefined): Finding {
  const parent = path === undefined ? shared : path.slice(0, Math.max(1, path.lastIndexOf('/')))
  const isWritable = parent !== undefined && lookAtFolder(parent)?.isWritable
  const mayMakeIt = isWritable || (path === undefined && hasRightsOfItsOwn(program))
  if (mayMakeIt) return ok(TOPIC, `${path ?? `${parent}/S-…`} (made by the first session)`)
  return problem(
    TOPIC,
    `${path === undefined ? 'none' : `"${path}" does not exist`}, and Screen may not make it`,
    'mkdir -m 700 ~/.screen; export SCREENDIR=~/.screen',
  )
}
