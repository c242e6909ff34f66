/** run and new: a task without a descriptor file, and a descriptor to edit. */
import { afterAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findByArgument } from '../support/processes.ts'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

/** Words that mean something to a shell, to TOML or to us. */
const WORDS = [
  'a  b',
  '',
  "it's",
  '"',
  '\\',
  '$HOME',
  '`id`',
  '*',
  '~',
  'x=1',
  '{a,b}',
  '#',
  '-n',
  '--',
  '%s',
  'é\n\t!',
  '&|;<>()',
]

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`run with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    afterAll(() => pool.dispose())
    const run = (...argv: string[]) => pool.spmi('run', ...argv)
    const descriptor = (id: string) => readFileSync(join(pool.path, id, 'descriptor.toml'), 'utf8')
    const stdoutOf = async (id: string) => {
      expect(await pool.spmi('wait', id)).toMatchObject({ status: 0 })
      return readFileSync(join(pool.runDirectory(id), 'stdout'), 'utf8')
    }

    test('prints the id alone, which is the name of the program and the next number', async () => {
      const shell = await pool.spmi('run', '--', 'exec sleep 3001.25')
      expect([shell.status, shell.stdout]).toEqual([0, 'sleep-1\n'])
      await until(() => findByArgument('3001.25').length === 1) // its shell may not have become it yet
      expect(await run('-q', '--', '/bin/sleep', '3001.25')).toEqual({
        status: 0,
        stdout: 'sleep-2\n',
        stderr: '',
      })
      await run('--id', 'sleep-10', '--', 'true')
      expect((await run('--', 'A=1 B=2 sleep 0 | cat')).stdout).toBe('sleep-11\n')
      expect((await run('--', '{ true; }')).stdout).toBe('true-1\n')
      expect((await run('--', '(:)')).stdout).toBe('run-1\n')
      expect(await pool.spmi('kill', 'sleep-[12]')).toMatchObject({ status: 0 })
    })

    test('several words reach the program exactly as they are', async () => {
      await run('--id', 'words', '--', 'printf', '%s\\0', ...WORDS)
      expect(await stdoutOf('words')).toBe(WORDS.map(word => `${word}\0`).join(''))
    })

    test('a program that is named like an assignment or a keyword is run all the same', async () => {
      mkdirSync(join(pool.folder, 'bin'), { recursive: true })
      for (const name of ['if', 'A=b', 'time']) {
        writeFileSync(join(pool.folder, 'bin', name), '#!/bin/sh\necho "$1"\n', { mode: 0o755 })
        const { stdout } = await run('--env', `PATH=${pool.folder}/bin:/usr/bin:/bin`, '--', name, 'me')
        expect(await stdoutOf(stdout.trim())).toBe('me\n')
      }
    })

    test('one word is a command of the shell, in the current folder, with what --env adds', async () => {
      const folder = join(pool.folder, 'here')
      mkdirSync(folder)
      const command = 'pwd; echo "$GREETING" | tr a-z A-Z'
      const options = ['--id', 'shell', '--env', 'GREETING=a "b"=c', '--comment', 'two  words']
      expect(await pool.spmiWith({ cwd: folder }, 'run', ...options, '--', command)).toMatchObject({
        status: 0,
      })
      expect(await stdoutOf('shell')).toBe(`${folder}\nA "B"=C\n`)
      expect((await pool.spmi('list')).stdout).toMatch(/^shell +inactive +two {2}words$/m)
      await run('--id', 'there', '--cwd', 'here', '--', 'pwd')
      expect(await stdoutOf('there')).toBe(`${folder}\n`)
    })

    test('--print shows the descriptor that would be loaded, and does nothing', async () => {
      const options = ['--id', 'printed', '--backend', 'slurm', '--set', 'nodes=2', '--env', 'A=1']
      const printed = await run('--print', ...options, '--', 'my-program', 'a b')
      expect(printed.stdout).toBe(
        `[task]\nid = "printed"\n\n[task.backend]\ntype = "slurm"\nnodes = 2\n\n[task.wrapper]\ncommand = "my-program 'a b'"\n` +
          `cwd = "${pool.folder}"\n\n[task.wrapper.env]\nA = "1"\n`,
      )
      expect((await pool.spmi('list')).stdout).not.toContain('printed')
      await run('--id', 'kept', '--', 'true')
      expect(descriptor('kept')).toBe((await run('--print', '--id', 'kept', '--', 'true')).stdout)
    })

    test('many at once each get an id of their own', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, () => run('-q', '--', 'racer() { :; }; racer')),
      )
      const ids = outcomes.map(({ stdout }) => stdout.trim())
      expect(outcomes.map(({ status, stderr }) => [status, stderr])).toEqual(outcomes.map(() => [0, '']))
      expect(ids.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))).toEqual(
        ids.map((_, index) => `racer-${index + 1}`),
      )
    }, 120_000)

    test('what cannot be started is not left in the pool', async () => {
      const { status, stdout, stderr } = await run(
        '--id',
        'nowhere',
        '--cwd',
        '/nonexistent/folder',
        '--',
        'true',
      )
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toContain(
        'cannot start manageable "nowhere": the folder "/nonexistent/folder" does not exist',
      )
      expect((await pool.spmi('list')).stdout).not.toContain('nowhere')
    })

    test('what a descriptor may not say is wrong usage; a taken id is refused', async () => {
      const wrong = {
        'unknown backend type "scren"; did you mean "screen"?': ['--backend', 'scren'],
        'task.backend.nodes: unknown key': ['--set', 'nodes=1'],
        'task.wrapper.env.9: is not the name of a variable': ['--env', '9=1'],
        'task.id: must not hold a "/"': ['--id', '../x'],
        '--rm needs --foreground': ['--rm'],
      }
      for (const [words, options] of Object.entries(wrong))
        expect([options, await run(...options, '--', 'true')]).toMatchObject([
          options,
          { status: 2, stdout: '', stderr: expect.stringContaining(words) },
        ])
      await run('--id', 'taken', '--', 'true')
      const taken = await run('--id', 'taken', '--', 'true')
      expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining('"taken" is already loaded')])
    })

    test('--json tells the id and the number of the run', async () => {
      const answer = JSON.parse((await run('--json', '--id', 'answered', '--', 'true')).stdout)
      expect(answer).toMatchObject({ version: 1, manageables: [{ id: 'answered', run: 1 }], errors: [] })
    })

    test('--foreground shows what the command prints on both streams, and exits with its status', async () => {
      const command = 'echo out; echo err >&2; sleep 0.2; seq 1 20000; exit 5'
      const { status, stdout, stderr } = await run('-q', '--id', 'shown', '--foreground', '--', command)
      const lines = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`)
      expect([status, stdout === `out\n${lines.join('')}`, stderr]).toEqual([5, true, 'err\n'])
    })

    test('--rm cleans after a good end, and keeps a bad one', async () => {
      expect(await run('--rm', '--foreground', '--id', 'good', '--', 'true')).toMatchObject({ status: 0 })
      expect(await run('--rm', '--foreground', '--id', 'bad', '--', 'false')).toMatchObject({ status: 1 })
      const { stdout } = await pool.spmi('list')
      expect([stdout.includes('good'), stdout.includes('bad')]).toEqual([false, true])
    })

    test('^C stops the task, and a second one kills it', async () => {
      for (const [id, command, interrupts, code] of [
        ['polite', 'trap "exit 7" INT; echo ready; while :; do sleep 0.05; done', 1, 7],
        ['stubborn', 'trap "" INT TERM; echo ready; while :; do sleep 0.05; done', 2, 137],
      ] as const) {
        const [file = '', ...args] = ARTIFACTS[artifact]
        const child = spawn(file, [...args, 'run', '--foreground', '--id', id, '--', command], {
          env: pool.environment,
          cwd: pool.folder,
        })
        let stdout = ''
        let stderr = ''
        child.stdout.on('data', text => (stdout += text))
        child.stderr.on('data', text => (stderr += text))
        const ended = new Promise(done => child.on('close', done))
        await until(() => stdout.includes('ready'))
        child.kill('SIGINT')
        await until(() => stderr.includes(`Stopping manageable "${id}"`))
        if (interrupts === 2) child.kill('SIGINT')
        expect([id, await ended]).toEqual([id, code])
      }
    })

    test('whoever stops reading the output in the foreground leaves the task running', async () => {
      const [file = '', ...args] = ARTIFACTS[artifact]
      const command = 'while :; do echo line; sleep 0.02; done'
      const child = spawn(file, [...args, 'run', '-q', '--foreground', '--id', 'unread', '--', command], {
        env: pool.environment,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const ended = new Promise(done => child.on('close', done))
      await new Promise(done => child.stdout.once('data', done))
      child.stdout.destroy()
      expect(await ended).toBe(0)
      expect((await pool.spmi('list')).stdout).toMatch(/^unread +active/m)
    })

    test('new writes a descriptor with every key, which loads when its command is filled in', async () => {
      const { status, stderr } = await pool.spmi('new', 'fresh', '--backend', 'slurm')
      expect([status, stderr]).toEqual([0, expect.stringContaining('Wrote "fresh.toml"')])
      const text = readFileSync(join(pool.folder, 'fresh.toml'), 'utf8')
      for (const line of [
        'id = "fresh"',
        'type = "slurm"',
        '# partition = ""',
        'command = ""',
        '# cwd = "."',
      ])
        expect(text.split('\n')).toContain(line)
      const again = await pool.spmi('new', 'fresh')
      expect([again.status, again.stderr]).toEqual([
        1,
        expect.stringContaining('there is a file "fresh.toml"'),
      ])
      expect(readFileSync(join(pool.folder, 'fresh.toml'), 'utf8')).toBe(text)

      const unfilled = await pool.spmi('load', 'fresh.toml')
      expect(unfilled.stderr).toContain('fresh.toml: task.wrapper.command: must not be empty')
      pool.write('fresh.toml', text.replace('command = ""', 'command = "true"'))
      expect(await pool.spmi('load', 'fresh.toml')).toMatchObject({ status: 0 })
      for (const [words, argv] of [
        ['cannot be an ID: it must not hold a "/"', ['../x']],
        ['unknown backend type "slrm"; did you mean "slurm"?', ['x', '--backend', 'slrm']],
      ] as const)
        expect(await pool.spmi('new', ...argv)).toMatchObject({
          status: 2,
          stderr: expect.stringContaining(words),
        })
    })
  })
