/** The page on trying Slurm shows what happens: its commands are typed one after another, as a reader would. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { symlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { ROOT, readCommands, readFiles } from '../support/page.ts'
import { endWithThisProcess, SlurmCluster } from '../support/slurm.ts'
import { type Outcome, runProgram, TestPool, until } from '../support/spmi.ts'

const PAGE = 'docs/guide/try-slurm.md'
const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()

if (refusal !== undefined) test.skip(`the page on trying Slurm: ${refusal}`, () => {})
else describe('the page on trying Slurm', describePage)

function describePage(): void {
  const pool = new TestPool()
  const slurm = join(pool.folder, 'slurm')
  const end = endWithThisProcess(slurm)
  const type = (command: string) => typeCommand(pool.folder, command.replaceAll('/tmp/slurm-try', slurm))
  beforeAll(() => {
    for (const name of ['scripts', 'dist']) symlinkSync(join(ROOT, name), join(pool.folder, name))
    for (const [name, text] of readFiles(PAGE)) pool.write(name, text)
  })
  afterAll(async () => {
    await end()
    await pool.dispose()
  })

  const shown = readCommands(PAGE).filter(({ command }) => !command.startsWith('sleep '))
  test.each(shown)('$command', async ({ command, printed }) => {
    let outcome = await type(command)
    const isAsShown = async () => {
      if (mask(outcome.stdout) === mask(printed)) return true
      outcome = await type(command)
      return false
    }
    // What shows how things are is repeated until they are so. That they never were, the comparison below tells better.
    if (/^(spmi status|squeue|sinfo)/.test(command)) await until(isAsShown, 20_000).catch(() => {})
    expect(mask(outcome.stdout)).toBe(mask(printed))
    expect(outcome.status).toBe(0)
  })
}

/** Types a command into a shell in a folder. The variables that it sets outlive it. */
function typeCommand(cwd: string, command: string): Promise<Outcome> {
  const script = `[ ! -e vars ] || . ./vars; { ${command}\n} 2>&1; code=$?; export -p >vars; exit "$code"`
  return runProgram(['sh', '-c', script], { environment: { ...process.env, TMPDIR: cwd }, cwd })
}

/** Without what differs from time to time and from machine to machine: times, pids, names, the width of columns. */
function mask(text: string): string {
  return text
    .replaceAll(hostname().replace(/\..*/, ''), 'vm')
    .replaceAll(userInfo().username.slice(0, 8), 'root')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?/g, 'TIME')
    .replaceAll(/\(\d+:\d\d:\d\d ago\)/g, '(AGO)')
    .replaceAll(/^( *Path): ".*\/(\w+)"$/gm, '$1: "$2"')
    .replaceAll(/^( *PID): \d+$/gm, '$1: N')
    .replaceAll(/ \d:\d\d /g, ' M:SS ')
    .replaceAll(/ +/g, ' ')
}
