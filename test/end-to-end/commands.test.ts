/** What the commands say and how they end, beyond the user guide. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { appendFileSync, chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, runProgram, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`commands of ${artifact}`, () => {
    const pool = new TestPool(artifact)
    afterAll(() => pool.dispose())
    beforeAll(async () => {
      for (const id of ['task_2', 'task_10', 'task_1']) await pool.load(id, { command: 'echo out' })
    })

    test('a list is in natural order', async () => {
      const { stdout } = await pool.spmi('list')
      expect(stdout.split('\n').map(line => line.split(' ')[0])).toEqual([
        'ID',
        'task_1',
        'task_2',
        'task_10',
        '',
      ])
    })

    test('nothing matched is a warning and status 1, for each command that takes patterns', async () => {
      for (const verb of ['start', 'stop', 'kill', 'clean', 'status']) {
        const { status, stderr } = await pool.spmi(verb, 'nothing')
        const word = verb === 'status' ? 'show' : verb
        expect([status, stderr]).toEqual([
          1,
          expect.stringMatching(new RegExp(`- WARNING\\]\nNothing to ${word}\n`)),
        ])
      }
    })

    test('patterns match whole ids, and duplicates count once', async () => {
      expect((await pool.spmi('status', 'task')).stderr).toContain('Nothing to show')
      expect((await pool.spmi('status', 'task_1', 'task_.', 'task_1')).stderr).toContain(
        'Showed 2 manageables',
      )
    })

    test('of several patterns the one that matches nothing is named, and the others are served', async () => {
      const { status, stderr } = await pool.spmi('status', 'task_1', 'tsak_2')
      expect(status).toBe(1)
      expect(stderr).toContain('Showed 1 manageables')
      expect(stderr).toContain('No ID matches "tsak_2"; did you mean "task_2"?')
    })

    test('wrong usage is status 2, with what was meant', async () => {
      const cases: readonly (readonly [readonly string[], string])[] = [
        [[], 'no command'],
        [['strat', 'x'], 'unknown command "strat"; did you mean "start"?'],
        [['list', '--debgu'], 'did you mean "--debug"?'],
        [['start'], '<patterns> is missing'],
        [['connect', 'a', 'b'], 'takes one <task_id>'],
        [['list', '--sort', 'mem'], '--sort: "mem": it is none of id, state'],
        [['status', '('], 'invalid pattern "("'],
        [['status', '-x'], 'after "--" an argument may begin with "-"'],
      ]
      for (const [argv, words] of cases) {
        const { status, stdout, stderr } = await pool.spmi(...argv)
        expect([argv, status, stdout]).toEqual([argv, 2, ''])
        expect(stderr).toContain(words)
        expect(stderr).not.toMatch(/^ +at /m) // no stack for what a user did
      }
    })

    test('what fails is said per manageable, and the others go on', async () => {
      await pool.load('sleeper', { command: 'exec sleep 300' })
      expect(await pool.spmi('start', 'sleeper')).toMatchObject({ status: 0 })
      const { status, stderr } = await pool.spmi('start', 'sleeper', 'task_1')
      expect(status).toBe(1)
      expect(stderr).toContain('- ERROR]\ncannot start manageable "sleeper": it is active\n')
      expect(stderr).toContain('Started 1 manageables')
      const cleaned = await pool.spmi('clean', 'sleeper', 'task_2')
      expect(cleaned.status).toBe(1)
      expect(cleaned.stderr).toContain('cannot clean manageable "sleeper": it is active')
      expect(cleaned.stderr).toContain('Cleaned 1 manageables')
      for (const verb of ['stop', 'kill']) {
        const refused = await pool.spmi(verb, 'task_10')
        expect([refused.status, refused.stderr]).toEqual([
          1,
          expect.stringContaining(`cannot ${verb} manageable "task_10": it is inactive`),
        ])
      }
      await pool.spmi('kill', 'sleeper')
    })

    test('several descriptors load all or none', async () => {
      const good = pool.write('good.json', '{"task":{"id":"good","wrapper":{"command":"true"}}}')
      const bad = pool.write('bad.yaml', 'task:\n  id: bad\n  wrapper:\n    comand: "true"\n')
      const { status, stderr } = await pool.spmi('load', good, bad, join(pool.folder, 'missing.toml'))
      expect(status).toBe(1)
      expect(stderr).toContain('bad.yaml:4: task.wrapper.comand: unknown key; did you mean "command"?')
      expect(stderr).toContain('missing.toml: no such file')
      expect((await pool.spmi('list')).stdout).not.toContain('good')
      const twins = await pool.spmi('load', good, good)
      expect([twins.status, twins.stderr]).toEqual([1, expect.stringContaining('the id "good" is in ')])
      const taken = await pool.spmi(
        'load',
        good,
        pool.write('taken.json', '{"task":{"id":"task_1","wrapper":{"command":"true"}}}'),
      )
      expect([taken.status, taken.stderr]).toEqual([
        1,
        expect.stringContaining('manageable "task_1" is already loaded'),
      ])
      expect((await pool.spmi('list')).stdout).not.toContain('good')
    })

    test('reload replaces the descriptor of an inactive one and keeps its runs and output', async () => {
      await pool.load('changing', { command: 'echo first' })
      await pool.spmi('start', 'changing')
      await until(async () => (await pool.spmi('status', 'changing')).stdout.includes('Exit code: 0'))
      const path = pool.write(
        'changing.yaml',
        'task: {id: changing, comment: New, wrapper: {command: exec sleep 300}}',
      )
      expect(await pool.spmi('reload', path)).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('Reloaded 1 manageable\n'),
      })
      const { stdout } = await pool.spmi('status', 'changing')
      expect(stdout).toStartWith('changing (task) - New\n')
      expect(stdout).toContain('first')
      const unknown = await pool.spmi(
        'reload',
        pool.write('new.json', '{"task":{"id":"new","wrapper":{"command":"true"}}}'),
      )
      expect([unknown.status, unknown.stderr]).toEqual([
        1,
        expect.stringContaining('manageable "new" is not loaded'),
      ])
    })

    test('status shows the last five lines of stdout, with control sequences made harmless', async () => {
      await pool.load('noisy', {
        command: `seq 7; printf '\\033]0;title\\007\\033[31mred\\033[0m\\n10%%\\r99%%\\rdone\\nbell\\007 nul\\000\\n'`,
      })
      await pool.spmi('start', 'noisy')
      await until(async () => (await pool.spmi('status', 'noisy')).stdout.includes('Exit code: 0'))
      const { stdout } = await pool.spmi('status', 'noisy')
      expect(stdout).toEndWith('\n\n6\n7\nred\ndone\nbell^G nul^@\n\n')
    })

    test('colour is only on a terminal and without NO_COLOR', async () => {
      const program = ARTIFACTS[artifact].join(' ')
      const onTerminal = (environment: NodeJS.ProcessEnv) =>
        runProgram(['script', '-qefc', `${program} list`, '/dev/null'], {
          environment: { ...pool.environment, TERM: 'xterm', NO_COLOR: '', ...environment },
        })
      expect((await onTerminal({})).stdout).toContain('\x1b[1mID')
      expect((await onTerminal({ NO_COLOR: '1' })).stdout).not.toContain('\x1b')
      const plain = await pool.spmi('list')
      expect(plain.stdout + plain.stderr).not.toContain('\x1b')
    })

    test('a reader that has had enough is no failure', async () => {
      const program = ARTIFACTS[artifact].join(' ')
      const { status, stderr } = await runProgram(['bash', '-c', `set -o pipefail; ${program} list | true`], {
        environment: pool.environment,
      })
      expect([status, stderr.includes('bug')]).toEqual([0, false])
    })

    test('a damaged manageable is named, and the others are served', async () => {
      await pool.load('damaged', { command: 'true' })
      writeFileSync(join(pool.path, 'damaged/manageable.json'), '{"task":{"id":"dam')
      mkdirSync(join(pool.path, 'python_spmi'), { recursive: true })
      const { status, stdout, stderr } = await pool.spmi('list')
      expect(status).toBe(1)
      expect(stdout).toContain('task_1')
      expect(stderr).toContain('- ERROR]\nmanageable "damaged" is damaged: ')
      expect(stderr).toContain('"python_spmi" in the pool')
      const path = pool.write('damaged.json', '{"task":{"id":"damaged","wrapper":{"command":"true"}}}')
      expect(await pool.spmi('reload', path)).toMatchObject({ status: 0 })
      expect(await pool.spmi('clean', 'damaged')).toMatchObject({ status: 0 })
      expect(statSync(join(pool.path, 'python_spmi')).isDirectory()).toBe(true)
    })

    test('nothing in the pool is readable by others, whatever the umask is', async () => {
      const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
      const own = new TestPool(artifact)
      const path = own.write(
        'x.json',
        '{"task":{"id":"x","wrapper":{"command":"echo out; echo err >&2; umask"}}}',
      )
      const { status } = await runProgram(
        ['sh', '-c', `umask 000; ${program} load ${path} && ${program} start x`],
        { environment: own.environment },
      )
      expect(status).toBe(0)
      await until(async () => (await own.spmi('status', 'x')).stdout.includes('Exit code: 0'))
      const { stdout } = await runProgram(['find', own.path, '-perm', '/077'])
      expect(stdout).toBe('')
      expect(readFileSync(join(own.runDirectory('x'), 'stdout'), 'utf8')).toBe('out\n0000\n') // the command keeps its own
      chmodSync(own.path, 0o755)
      const refused = await own.spmi('list')
      expect([refused.status, refused.stderr]).toEqual([
        1,
        expect.stringContaining('is open to other users; chmod 700'),
      ])
      chmodSync(own.path, 0o700)
      await own.dispose()
    })

    test('a pool of a newer format is refused', async () => {
      const own = new TestPool(artifact)
      await own.load('x', { command: 'true' })
      writeFileSync(join(own.path, '.spmi/format'), '2\n')
      const { status, stderr } = await own.spmi('list')
      expect([status, stderr]).toEqual([1, expect.stringContaining('was made by a newer SPMI')])
      writeFileSync(join(own.path, '.spmi/format'), '1\n')
      await own.dispose()
    })

    test('env_file and env add to the environment of the start, and env prevails', async () => {
      const file = pool.write('variables', '# comment\nONE=1\nTWO="two words"\nTHREE=file\n')
      await pool.load('variables', {
        command: 'echo $ONE $TWO $THREE',
        env_file: 'variables',
        env: { THREE: 'env' },
      })
      await pool.spmi('start', 'variables')
      await until(async () => (await pool.spmi('status', 'variables')).stdout.includes('1 two words env'))
      appendFileSync(file, 'TWO=changed\n') // read at each start
      await pool.spmi('start', 'variables')
      await until(async () => (await pool.spmi('status', 'variables')).stdout.includes('1 changed env'))
    })

    test('debug mode logs the programs that are run', async () => {
      expect((await pool.spmi('-d', 'start', 'task_1')).stderr).toMatch(/- DEBUG\]\nRan \{"argv":\["mkfifo"/)
    })
  })
