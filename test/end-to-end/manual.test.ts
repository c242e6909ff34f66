/** The manual pages that the build has made: current, whole, and right for those who show them. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXAMPLES } from '../../src/cli/examples.ts'
import { renderDescriptorPage } from '../../src/cli/manual/descriptor.ts'
import { renderProgramPage } from '../../src/cli/manual/program.ts'
import { version } from '../../src/cli/version.ts'
import { Pool } from '../../src/pool.ts'
import { ROOT } from '../support/page.ts'
import { runProgram, TestPool } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'

const PAGES = ['spmi.1', 'spmi-descriptor.5'] as const
const pathOf = (page: string) => join(ROOT, 'dist/man', page)
const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', MANWIDTH: '100', MANROFFSEQ: '' }

/** What a reader sees. */
async function show(page: string): Promise<string> {
  const { stdout } = await runProgram(['man', '-l', pathOf(page)], { environment })
  return stdout.replaceAll(/.\x08/g, '')
}

describe('the manual pages', () => {
  test('are those of this source', async () => {
    const date = /^\.TH "SPMI" 1 "([\d-]+)"/m.exec(readFileSync(pathOf('spmi.1'), 'utf8'))?.[1] ?? ''
    const edition = { version, date }
    const schema = await (await Pool.open({ path: '/nonexistent/pool' })).schema()
    expect(readFileSync(pathOf('spmi.1'), 'utf8')).toBe(renderProgramPage(COMMANDS, edition))
    expect(readFileSync(pathOf('spmi-descriptor.5'), 'utf8')).toBe(renderDescriptorPage(schema, edition))
  })

  for (const page of PAGES) {
    needs('man', Bun.which('man') !== null)(`${page} is shown by man without a warning`, async () => {
      const argv = ['man', '--warnings=w', '-E', 'UTF-8', '-Tutf8', '-Z', '-l', pathOf(page)]
      expect(await runProgram(argv, { environment })).toMatchObject({ status: 0, stderr: '' })
    })

    needs('mandoc', Bun.which('mandoc') !== null)(`mandoc has nothing to say of ${page}`, async () => {
      const { status, stdout } = await runProgram(['mandoc', '-T', 'lint', '-W', 'style', pathOf(page)])
      expect([status, stdout]).toEqual([0, ''])
    })
  }

  needs('man', Bun.which('man') !== null)(
    'spmi(1) has every command with its options and examples',
    async () => {
      const text = await show('spmi.1')
      for (const { name, options = {}, isHidden } of COMMANDS) {
        expect([name, new RegExp(`^ {3}spmi ${name}\\b`, 'm').test(text)]).toEqual([name, !isHidden])
        if (isHidden) continue
        for (const option of Object.keys(options)) expect(text).toContain(`--${option}`)
        for (const [line] of EXAMPLES[name] ?? []) expect(text).toContain(`           ${line}\n`)
      }
    },
  )

  describe('spmi-descriptor(5)', () => {
    const pool = new TestPool()
    afterAll(() => pool.dispose())

    needs('man', Bun.which('man') !== null)('has an example that is right', async () => {
      const [, example = ''] = /^EXAMPLE\n(.*?)^\S/ms.exec(await show('spmi-descriptor.5')) ?? []
      const path = pool.write('example.toml', example)
      expect(example).toContain('[task.wrapper]')
      expect(await pool.spmi('check', path)).toMatchObject({ status: 0 })
    })
  })
})
