/** The programs by which a script launches its command. */
import { SpmiError } from '../../../errors.ts'
import { type Environment, exec, findProgram } from '../../../system/exec.ts'

/** What launches commands here. */
export interface Launcher {
  /** The path of setsid(1). */
  readonly setsid: string
  /** The path of an env(1) that can give each signal back its default, where there is one. */
  readonly env: string | undefined
  /** The beginning of an argv that does so where no such env is; empty where nothing can. */
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
  const env = await findEnv(path)
  const perl = env === undefined ? findProgram('perl', path) : undefined
  const resetSignals = perl === undefined ? [] : [perl, '-e', PERL_RESET]
  return { setsid, env, resetSignals, script: findProgram('script', path) }
}

async function findEnv(path: string): Promise<string | undefined> {
  const env = findProgram('env', path)
  if (env === undefined) return undefined
  const environment = { PATH: path }
  const options = { environment, timeout: 5000, reads: 'nothing' } as const
  const { status } = await exec([env, '--default-signal', 'true'], options)
  return status === 0 ? env : undefined
}
