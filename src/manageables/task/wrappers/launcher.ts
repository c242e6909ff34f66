/** The programs by which a script launches its command. */
import { SpmiError } from '../../../errors.ts'
import { type Environment, exec, findProgram } from '../../../system/exec.ts'

/** What launches commands here. */
export interface Launcher {
  /** The path of setsid(1). */
  readonly setsid: string
  /** The beginning of an argv that gives each signal back its default; empty where nothing can. */
  readonly resetSignals: readonly string[]
  /** The path of script(1), where there is one. */
  readonly script: string | undefined
}

/** Gives each signal back its default. sh cannot: what "&" ignores stays ignored (dash, BusyBox). */
const PERL_RESET = '$SIG{$_} = "DEFAULT" for keys %SIG; exec { $ARGV[0] } @ARGV or exit 127'

/**
 * Finds what launches commands. Signals get their defaults from coreutils' env since 8.31, or from perl; without both a
 * background child of dash goes on ignoring SIGINT and SIGQUIT.
 * @throws SpmiError `start-failed` when setsid is missing
 */
export async function findLauncher(environment: Environment): Promise<Launcher> {
  const path = `/usr/bin:/bin:${environment.PATH ?? ''}`
  const setsid = findProgram('setsid', path)
  if (setsid === undefined)
    throw new SpmiError('start-failed', 'the program "setsid" is missing', { hint: 'install util-linux' })
  return { setsid, resetSignals: await findReset(path), script: findProgram('script', path) }
}

async function findReset(path: string): Promise<readonly string[]> {
  const env = findProgram('env', path)
  if (env !== undefined) {
    const { status } = await exec([env, '--default-signal', 'true'], {
      environment: { PATH: path },
      timeout: 5000,
    })
    if (status === 0) return [env, '--default-signal']
  }
  const perl = findProgram('perl', path)
  return perl === undefined ? [] : [perl, '-e', PERL_RESET]
}
