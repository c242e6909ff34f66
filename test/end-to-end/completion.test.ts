/** Completion in real shells, by both artifacts: what stands in the line after a tab. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Keyboard, type Shell } from '../support/keyboard.ts'
import { ARTIFACTS, type Artifact, installProgram, runProgram, TestPool } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish']
const LOAD = {
  bash: 'source <(spmi completion bash)',
  zsh: 'eval "$(spmi completion zsh)"',
  fish: 'spmi completion fish | source',
} as const

/** What is typed, and the words after the tab. */
const LINES: readonly (readonly [string, ...string[]])[] = [
  ['spmi sche', 'spmi', 'schema'],
  ['spmi help kil', 'spmi', 'help', 'kill'],
  ['spmi completion fi', 'spmi', 'completion', 'fish'],
  ['spmi start --dry', 'spmi', 'start', '--dry-run'],
  ['spmi start --backend sc', 'spmi', 'start', '--backend', 'screen'],
  ['spmi start --backend=sc', 'spmi', 'start', '--backend=screen'],
  ['spmi -d start wo', 'spmi', '-d', 'start', 'worker'],
  // Patterns match whole ids, so what is special in them is escaped; and what is special for the shell is quoted.
  ['spmi stop v', 'spmi', 'stop', 'v1\\.2\\+b'],
  ["spmi stop 'v", 'spmi', 'stop', 'v1\\.2\\+b'],
  ['ANY=thing OTHER=1 spmi stop wo', 'ANY=thing', 'OTHER=1', 'spmi', 'stop', 'worker'],
  ['spmi stop worker it', 'spmi', 'stop', 'worker', "it's \\$5"],
  ['spmi stop "it', 'spmi', 'stop', "it's \\$5"],
  ['spmi status h:', 'spmi', 'status', 'h:8080'],
  ['spmi connect v', 'spmi', 'connect', 'v1.2+b'],
  ['spmi load desc', 'spmi', 'load', 'descriptor.toml'],
  ['spmi check fol', 'spmi', 'check', 'folder/'],
  ['spmi schema worker', 'spmi', 'schema', 'worker'], // takes none
]

for (const artifact of Object.keys(ARTIFACTS) as Artifact[]) {
  describe(`completion by ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const bin = join(pool.folder, 'bin')
    const environment = { ...pool.environment, PATH: `${bin}:${process.env['PATH']}` }
    beforeAll(async () => {
      installProgram(artifact, bin)
      for (const id of ['worker', 'v1.2+b', "it's $5", 'h:8080']) await pool.load(id, { command: 'true' })
    })
    afterAll(() => pool.dispose())

    for (const shell of SHELLS) {
      needs(shell, Bun.which(shell) !== null && Bun.which('script') !== null)(
        `${shell} completes commands, options, their values, patterns, ids and files`,
        async () => {
          const folder = join(pool.folder, shell)
          mkdirSync(join(folder, 'folder'), { recursive: true })
          writeFileSync(join(folder, 'descriptor.toml'), '')
          writeFileSync(join(folder, 'descriptions.txt'), '')
          const keyboard = await Keyboard.open(shell, folder, LOAD[shell], environment)
          try {
            for (const [line, ...words] of LINES)
              expect([line, ...(await keyboard.complete(line))]).toEqual([line, ...words])
          } finally {
            keyboard.close()
          }
        },
        60_000,
      )
    }

    test('the answer to a shell is the files that may stand there, and the words with their meanings', async () => {
      const { status, stdout } = await pool.spmi('complete', '--', 'zsh', 'start', '')
      expect([status, stdout]).toEqual([
        0,
        "none\nh:8080\t\nit's \\$5\tit's $5\nv1\\.2\\+b\tv1.2+b\nworker\t\n",
      ])
    })
  })
}

test('a script for a shell that is none is refused', async () => {
  const pool = new TestPool()
  const { status, stderr } = await pool.spmi('completion', 'fihs')
  expect([status, stderr]).toEqual([2, expect.stringContaining('did you mean "fish"?')])
  await pool.dispose()
})

needs('shellcheck', Bun.which('shellcheck') !== null)('the script for bash passes shellcheck', async () => {
  const { stdout } = await runProgram([...ARTIFACTS['dist/spmi'], 'completion', 'bash'])
  expect(await runProgram(['shellcheck', '-s', 'bash', '-'], { input: stdout })).toMatchObject({
    status: 0,
    stdout: '',
  })
})
