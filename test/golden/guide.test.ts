/**
 * Every console block of the user guide, as it is printed there: on both artifacts and both backends. Times, process
 * ids and the pool's path are masked; manageables are in natural order, which the guide leaves open.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, runProgram, TestPool } from '../support/spmi.ts'

const GUIDE = join(import.meta.dir, 'user-guide')

/** One block of the guide: the command and all that it prints, standard error and output in one. */
interface Block {
  readonly command: string
  readonly printed: string
}

/** Blocks are separated by blank lines that are followed by `$ `. */
function readBlocks(name: string): Block[] {
  const text = readFileSync(join(GUIDE, name), 'utf8')
  return text
    .split(/^\$ /m)
    .slice(1)
    .map(block => {
      const [command = '', ...lines] = block.split('\n')
      return { command, printed: lines.join('\n').trimEnd() }
    })
}

function mask(text: string, pool?: TestPool): string {
  return (pool ? text.replaceAll(pool.path, '/home/leonid/.spmi') : text)
    .replaceAll(
      /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?/g,
      (_, milliseconds) => `TIME${milliseconds ? ',MS' : ''}`,
    )
    .replaceAll(/\(\d+:\d\d:\d\d ago\)/g, '(AGO)')
    .replaceAll(/^( *Backend ID| *PID): \d+$/gm, '$1: N')
    .replaceAll(/^Backend type: \w+$/gm, 'Backend type: BACKEND')
    .trimEnd()
}

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
      const ended = async () => {
        let table = ''
        do table = (await pool.spmi('list')).stdout
        while (/manageable_\d +active/.test(table))
      }
      const prepare: Readonly<Record<string, () => Promise<unknown>>> = {
        'spmi load descriptor1.toml descriptor2.toml descriptor3.toml': () => shell('spmi clean cal'),
        'spmi stop echo': () => shell('spmi load echo.toml; spmi start echo'),
        'spmi kill echo': () => shell('spmi start echo'),
        "spmi start 'manageable_[1-3]'": ended,
        'spmi status manageable_1': ended,
      }

      for (const { command, printed } of readBlocks('console.txt'))
        test(`$ ${command}`, async () => {
          await prepare[command]?.()
          const { stdout, status } = await shell(command)
          expect(mask(stdout, pool)).toBe(mask(printed))
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
