/**
 * Descriptors that are small and ask for much: the program refuses them at once. In a file of its own, because the kernel counts the memory of
 * whoever starts a program as that of the program.
 */
import { afterAll, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARTIFACTS } from '../support/spmi.ts'
import { isFull } from './support/extent.ts'
import { count, expectNone, measured } from './support/figures.ts'

const folder = mkdtempSync(join(tmpdir(), 'spmi-bombs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('bombs are refused by the program within two seconds, and with little memory', async () => {
  const deep = (open: string, close: string, times: number) => open.repeat(times) + close.repeat(times)
  const task = (rest: string) => `{"task": {"id": "a", "wrapper": {"command": "x", ${rest}}}}`
  const many = (item: (index: number) => string, amount: number) =>
    Array.from({ length: amount }, (_, index) => item(index)).join(',')
  const BOMBS: readonly (readonly [string, string | Uint8Array])[] = [
    [
      'b.yaml',
      `a: &a [${'x,'.repeat(9)}x]\n${[...'bcdefghi'].map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]},`.repeat(10)}]`).join('\n')}`,
    ],
    ['b.yaml', '&a {task: *a}'],
    ['b.json', deep('[', ']', 65_000)],
    ['b.json', deep('{"a":', '}', 10_000).replace(/}/, '1}')],
    ['b.json', '['.repeat(125_000)],
    ['b.yaml', '{a: '.repeat(32_000)],
    ['b.yaml', deep('[', ']', 65_000)],
    ['b.yaml', '- '.repeat(65_000)],
    ['b.yaml', '? '.repeat(65_000)],
    ['b.yaml', Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['b.yaml', many(index => `k${index}: 1`, 10_000).replaceAll(',', '\n')],
    ['b.yaml', 'a: b\n'.repeat(25_000)],
    ['b.yaml', `"${'\\n'.repeat(65_000)}`],
    ['b.yaml', `a: |\n${' x\n'.repeat(40_000)}`],
    ['b.toml', `a=${'['.repeat(125_000)}`],
    ['b.toml', `a${'.a'.repeat(65_000)}=1`],
    ['b.toml', `[task]\nid="a"\n[task.wrapper]\ncommand="x"\nenv.x${'.a'.repeat(60_000)}=1`],
    ['b.toml', many(index => `[k${index}]`, 10_000).replaceAll(',', '\n')],
    ['b.toml', `a="""${'\\\n'.repeat(65_000)}`],
    ['b.json', task(`"env": {${many(index => `"k${index}": null`, 8_000)}}`)],
    ['b.json', task(`"stop_signal": [${many(() => '"x"', 60_000)}]`)],
    ['b.json', task(many(index => `"k${index}": null`, 8_000))],
    ['b.json', task(`"env": {"N": ${'9'.repeat(125_000)}}`)],
    ['b.json', Buffer.alloc(128 << 10, 0xff)],
    ['b.toml', Buffer.alloc(4 << 20, 0x23)],
  ]
  const wrong: string[] = []
  let [slowest, largest] = [0, 0]
  for (const [name, content] of BOMBS.filter((_, index) => isFull || index % 2 === 0)) {
    writeFileSync(join(folder, name), content)
    const argv = [...ARTIFACTS['dist/spmi'], 'check', name]
    const { exitCode, stderr, resourceUsage } = Bun.spawnSync(argv, { cwd: folder, timeout: 60_000 })
    const milliseconds = Number(resourceUsage.cpuTime.total) / 1000
    slowest = Math.max(slowest, milliseconds)
    largest = Math.max(largest, resourceUsage.maxRSS)
    count('inputs')
    const words = stderr.toString()
    const isGood =
      exitCode === 1 && words.includes(`\n${name}`) && words.length < 5000 && !words.includes('bug')
    if (!isGood || milliseconds > 2000 || resourceUsage.maxRSS > 200e6)
      wrong.push(
        `${name} ${String(content).slice(0, 60)}: ${[exitCode, milliseconds, resourceUsage.maxRSS, words.slice(0, 300)]}`,
      )
  }
  measured(
    'the slowest refusal of a descriptor',
    `${Math.round(slowest)} ms of processor time, ${Math.round(largest / 1e6)} MB at most`,
  )
  expectNone('lies', wrong)
}, 600_000)
