/**
 * What every command of the table prints, on both artifacts: a story that uses each of them, plainly and with --json, and the help of
 * each. It must be what stands in `story.txt` and `help.txt`, letter by letter, but for what is masked.
 * `SPMI_GOLDEN=update bun test test/golden/commands.test.ts` writes these files anew: look at what has changed.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { COMMANDS } from '../../src/cli/commands.ts'
import { Golden } from '../support/golden.ts'
import { ARTIFACTS, type Artifact, installProgram, TestPool } from '../support/spmi.ts'
import { mask, typeCommand } from '../support/transcript.ts'

const VISIBLE = COMMANDS.filter(({ isHidden }) => !isHidden)
const story = new Golden(join(import.meta.dir, 'story.txt'))
const help = new Golden(
  join(import.meta.dir, 'help.txt'),
  VISIBLE.map(({ name }) => `spmi help ${name}`),
)

/** Also without what a document, a script and an environment have of their own. */
function maskStory(text: string, pool: TestPool): string {
  return mask(text, { [pool.path]: '/home/leonid/.spmi', [pool.folder]: '/home/leonid' })
    .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"TIME"')
    .replaceAll(/"(pid|duration)": [\d.]+/g, '"$1": N')
    .replaceAll(/"(backend_id)": "\d+"/g, '"$1": "N"')
    .replaceAll(/\b\d+:\d\d:\d\d\b/g, 'H:MM:SS')
    .replaceAll(/^#!\/bin\/sh\n# One run .*?^exit "\$_spmi_code"$/gms, 'SCRIPT')
    .replaceAll(/"(script|text)": "#!\/bin\/sh\\n.*"/g, '"$1": "SCRIPT"')
    .replaceAll(/^(PATH|SPMI_RUN)=.*/gm, '$1=…')
    .replaceAll(/"(PATH|SPMI_RUN)": ".*"/g, '"$1": "…"')
}

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`the commands with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const bin = join(pool.folder, 'bin')
    const { SCREENDIR, TMUX_TMPDIR, SPMI_PATH } = pool.environment
    const PATH = `${bin}:${process.env['PATH']}`
    const environment = { HOME: pool.folder, PATH, SCREENDIR, TMUX_TMPDIR, SPMI_PATH }
    const type = async (command: string) => {
      const { stdout, status } = await typeCommand(pool.folder, command, environment)
      return status === 0 ? stdout : `${stdout}[exit status ${status}]`
    }
    beforeAll(() => {
      installProgram(artifact, bin)
      cpSync(join(import.meta.dir, 'story'), pool.folder, { recursive: true })
    })
    afterAll(() => pool.dispose())

    for (const command of story.commands)
      test(`$ ${command}`, async () => {
        story.compare(command, maskStory(await type(command), pool))
      }, 60_000)

    for (const command of help.commands)
      test(`$ ${command}`, async () => {
        const name = command.split(' ').at(-1) as string
        const [asked, flagged] = await Promise.all([pool.spmi('help', name), pool.spmi(name, '-h')])
        help.compare(command, asked.stdout.trimEnd())
        expect(asked).toEqual({ status: 0, stdout: flagged.stdout, stderr: '' })
        expect(flagged).toMatchObject({ status: 0, stderr: '' })
      }, 60_000)

    test('are all offered by completion', async () => {
      const { stdout } = await pool.spmi('complete', '--', 'fish', '')
      expect(stdout.split('\n').slice(1, -1)).toEqual(
        VISIBLE.map(({ name, summary }) => `${name}\t${summary}`),
      )
    })
  })

describe('the story', () => {
  const used = story.commands.flatMap(line => [...line.matchAll(/\bspmi ([a-z]+)([^|;]*)/g)])
  const uses = (name: string, isJson: boolean) =>
    used.some(([, found, words = '']) => found === name && /(^| )--json\b/.test(words) === isJson)

  test('uses every command of the table', () => {
    expect(VISIBLE.filter(({ name }) => !uses(name, false)).map(({ name }) => name)).toEqual([])
  })

  test('uses every command that answers with --json', () => {
    const answering = VISIBLE.filter(({ options = {} }) => Object.hasOwn(options, 'json'))
    expect(answering.filter(({ name }) => !uses(name, true)).map(({ name }) => name)).toEqual([])
  })
})

afterAll(() => {
  for (const golden of [story, help]) golden.save()
})
