/**
 * Every console block of the user guide, as it is printed there: on both artifacts and both backends. Times, process
 * ids and the pool's path are masked; manageables are in natural order, which the guide leaves open.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, runProgram, TestPool } from '../support/spmi.ts'
import { mask, readTranscript } from '../support/transcript.ts'

const GUIDE = join(import.meta.dir, 'user-guide')

const GUIDE_POOL = '/home/leonid/.spmi'

/** The guide leaves open on which backend. */
const maskGuide = (text: string, pool = GUIDE_POOL) =>
  mask(text, { [pool]: GUIDE_POOL }).replaceAll(/^Backend type: \w+$/gm, 'Backend type: BACKEND')

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  for (const backend of ['native', 'screen']) {
    describe(`the user guide with ${artifact} on ${backend}`, () => {
      const pool = new TestPool(artifact)
      const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
      beforeAll(async () => {
        pool.write(
          'descriptor.toml',
          readFileSync(join(GUIDE, 'descriptor.toml'), 'utf8').replace('"screen"', `"${backend}"`),
        )
        for (const number of [1, 2, 3])
          pool.write(
            `descriptor${number}.toml`,
            `[task]\nid = "manageable_${number}"\ncomment = "Comment ${number}"\n` +
              `[task.backend]\ntype = "${backend}"\n[task.wrapper]\ntype = "default"\ncommand = "echo ${number}"\n`,
          )
        pool.write(
          'echo.toml',
          `[task]\nid = "echo"\n[task.backend]\ntype = "${backend}"\n[task.wrapper]\ncommand = "cat"\n`,
        )
      })
      afterAll(() => pool.dispose())

      const shell = (command: string) =>
        runProgram(['sh', '-c', `exec 2>&1; spmi() { ${program} "$@"; }; ${command}`], {
          environment: pool.environment,
          cwd: pool.folder,
        })
      const must = async (command: string) => expect(await shell(command)).toMatchObject({ status: 0 })
      const ended = () => shell("spmi wait 'manageable_.*'") // some were never started, which counts as 1
      const prepare: Readonly<Record<string, () => Promise<unknown>>> = {
        'spmi load descriptor1.toml descriptor2.toml descriptor3.toml': () => must('spmi clean cal'),
        'spmi stop echo': () => must('spmi load echo.toml && spmi start echo'),
        'spmi kill echo': () => must('spmi start echo'),
        "spmi start 'manageable_[1-3]'": ended,
        'spmi status manageable_1': ended,
      }

      for (const { command, printed } of readTranscript(readFileSync(join(GUIDE, 'console.txt'), 'utf8')))
        test(`$ ${command}`, async () => {
          await prepare[command]?.()
          const { stdout, status } = await shell(command)
          expect(maskGuide(stdout, pool.path)).toBe(maskGuide(printed))
          expect(status).toBe(0)
        })

      test('$ spmi -h', async () => {
        const { stdout, status } = await shell('spmi -h')
        const lines = readFileSync(join(GUIDE, 'help.txt'), 'utf8').trimEnd().split('\n')
        const shown = stdout.split('\n')
        // The guide's lines, in its order and without a gap but for the additions to usage and after the end.
        const usageEnd = lines.findIndex(line => line.startsWith('    spmi connect')) + 1
        expect(shown.slice(0, usageEnd)).toEqual(lines.slice(0, usageEnd))
        const rest = lines.slice(usageEnd)
        const at = shown.indexOf('Options:') - 1
        expect(shown.slice(at, at + rest.length)).toEqual(rest)
        expect(status).toBe(0)
      })
    })
  }

test('the three formats of the descriptor give the same manageable.json', async () => {
  const records: string[] = []
  for (const format of ['toml', 'yaml', 'json']) {
    const pool = new TestPool()
    const path = pool.write(`descriptor.${format}`, readFileSync(join(GUIDE, `descriptor.${format}`), 'utf8'))
    expect((await pool.spmi('load', path)).status).toBe(0)
    records.push(
      readFileSync(join(pool.path, 'cal/manageable.json'), 'utf8').replaceAll(pool.folder, 'FOLDER'),
    )
    expect(readFileSync(join(pool.path, `cal/descriptor.${format}`))).toEqual(readFileSync(path))
    await pool.dispose()
  }
  expect(records[1]).toBe(records[0] as string)
  expect(records[2]).toBe(records[0] as string)
})
