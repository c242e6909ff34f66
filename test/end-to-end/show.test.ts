/** show: descriptor, script and environment, with secrets hidden. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, TestPool } from '../support/spmi.ts'

const DESCRIPTOR = `# the user's own words
[task]
id = "shown"
comment = "A comment"
[task.wrapper]
command = "true"
[task.wrapper.env]
PLAIN = "value"
API_TOKEN = "t0ken 'in' \\"quotes\\""
DB_PASSWORD = 12345
LINES = "one\\nexport FAKE='x'\\n"
DATABASE = "postgres://me:hidden@host/db"
KEY = """
-----BEGIN
inner line
"""
`

const SECRETS = ['t0ken', '12345', 'me:hidden', '-----BEGIN', 'inner line', 'caller']

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`show with ${artifact}`, () => {
    const pool = new TestPool(artifact, { CALLER_SECRET: 'caller', CALLER: 'plain' })
    const show = async (...options: string[]) => {
      const outcome = await pool.spmi('show', ...options, 'shown')
      expect([options, outcome]).toMatchObject([options, { status: 0 }])
      return outcome
    }
    const variables = (text: string) => text.split('\n')
    beforeAll(async () => {
      expect(await pool.spmi('load', pool.write('shown.toml', DESCRIPTOR))).toMatchObject({ status: 0 })
    })
    afterAll(() => pool.dispose())

    test('what was never started has a descriptor and nothing else', async () => {
      const { stdout } = await show()
      expect(stdout).toStartWith(
        `shown (task) - A comment\n\nDescriptor: "${pool.path}/shown/descriptor.toml"\n`,
      )
      expect(stdout).not.toContain('Script')
      for (const part of ['script', 'environment']) {
        const { status, stderr } = await pool.spmi('show', `--${part}`, 'shown')
        expect([status, stderr]).toEqual([
          1,
          expect.stringContaining(`manageable "shown" has not been started: there is no ${part}`),
        ])
      }
    })

    test('shows descriptor, script and environment of the last start, without secrets', async () => {
      expect(await pool.spmi('start', 'shown')).toMatchObject({ status: 0 })
      const { stdout, stderr } = await show()
      for (const words of [
        "# the user's own words\n",
        'Script of run 1: "',
        '#!/bin/sh\n',
        'Environment of run 1:\n',
      ])
        expect(stdout).toContain(words)
      for (const secret of SECRETS) expect([secret, stdout.includes(secret)]).toEqual([secret, false])
      expect(stdout).toContain('API_TOKEN = "***"\n')
      expect(stdout).toContain('\nAPI_TOKEN=***\n')
      expect(stdout).toContain('\nPLAIN=value\n')
      expect(stderr).toContain('Values that may be secret are hidden; --reveal shows them')
      const revealed = await show('--reveal')
      for (const secret of SECRETS) expect([secret, revealed.stdout.includes(secret)]).toEqual([secret, true])
      expect(revealed.stderr).not.toContain('hidden;')
    })

    test('one part alone is as it is, for pipes', async () => {
      expect((await show('--descriptor', '--reveal')).stdout).toBe(DESCRIPTOR)
      const script = readFileSync(join(pool.runDirectory('shown'), 'run.sh'), 'utf8')
      expect(await show('--script')).toEqual({ status: 0, stdout: script, stderr: '' })
      const hidden = variables((await show('--environment')).stdout)
      expect(hidden).toEqual(
        expect.arrayContaining(['PLAIN=value', 'CALLER=plain', 'CALLER_SECRET=***', 'KEY=***']),
      )
      const revealed = variables((await show('--environment', '--reveal')).stdout)
      expect(revealed).toEqual(
        expect.arrayContaining([`API_TOKEN=t0ken 'in' "quotes"`, 'CALLER_SECRET=caller']),
      )
      expect(revealed.filter(line => line.startsWith('FAKE='))).toEqual([])
      const both = await pool.spmi('show', '--script', '--descriptor', 'shown')
      expect([both.status, both.stderr]).toEqual([
        2,
        expect.stringContaining('--descriptor and --script exclude each other'),
      ])
    })

    test('as JSON', async () => {
      const answer = JSON.parse((await show('--json')).stdout)
      expect(answer).toMatchObject({
        version: 1,
        id: 'shown',
        type: 'task',
        descriptor: { format: 'toml', path: join(pool.path, 'shown/descriptor.toml') },
        script: { run: 1, path: join(pool.runDirectory('shown'), 'run.sh') },
        environment: { PLAIN: 'value', API_TOKEN: '***', LINES: "one\nexport FAKE='x'\n" },
        errors: [],
      })
      const { environment, ...rest } = JSON.parse((await show('--json', '--environment', '--reveal')).stdout)
      expect(environment.DB_PASSWORD).toBe('12345')
      expect(rest).not.toHaveProperty('descriptor')
      const missing = await pool.spmi('show', '--json', 'shwon')
      expect(missing.status).toBe(1)
      expect(JSON.parse(missing.stdout).errors).toMatchObject([{ code: 'missing', id: 'shwon' }])
    })
  })
