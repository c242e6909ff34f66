/** The page on trying Slurm shows what happens: its commands are typed one after another, as a reader would. */
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { symlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { ROOT, readCommands, readFiles } from '../support/page.ts'
import { endWithThisProcess, SlurmCluster } from '../support/slurm.ts'
import { TestPool } from '../support/spmi.ts'
import { expectShown, mask, typeCommand } from '../support/transcript.ts'

const PAGE = 'docs/guide/try-slurm.md'
const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()

if (refusal !== undefined) test.skip(`the page on trying Slurm: ${refusal}`, () => {})
else describe('the page on trying Slurm', describePage)

function describePage(): void {
  const pool = new TestPool()
  const slurm = join(pool.folder, 'slurm')
  const end = endWithThisProcess(slurm)
  const environment = { ...process.env, TMPDIR: pool.folder }
  const type = (command: string) =>
    typeCommand(pool.folder, command.replaceAll('/tmp/slurm-try', slurm), environment)
  beforeAll(() => {
    for (const name of ['scripts', 'dist']) symlinkSync(join(ROOT, name), join(pool.folder, name))
    for (const [name, text] of readFiles(PAGE)) pool.write(name, text)
  })
  afterAll(async () => {
    await end()
    await pool.dispose()
  })

  const shown = readCommands(PAGE).filter(({ command }) => !command.startsWith('sleep '))
  const isState = (command: string) => /^(spmi status|squeue|sinfo)/.test(command)
  test.each(shown)('$command', one => expectShown(one, { type, mask: maskPage, isState }))
}

/** Also without what differs from machine to machine: names, the width of columns. */
function maskPage(text: string): string {
  return mask(text)
    .replaceAll(hostname().replace(/\..*/, ''), 'vm')
    .replaceAll(userInfo().username.slice(0, 8), 'root')
    .replaceAll(/^( *Path): ".*\/(\w+)"$/gm, '$1: "$2"')
    .replaceAll(/ \d:\d\d /g, ' M:SS ')
    .replaceAll(/ +/g, ' ')
}
