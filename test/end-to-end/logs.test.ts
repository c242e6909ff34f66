/** logs, as people and pipes use it: what is there, what comes, and whether all of it comes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

/** A command that goes on, and what it has printed. */
class Following {
  stdout = ''
  stderr = ''
  status: number | null | undefined
  readonly child: ChildProcess

  constructor(argv: readonly string[], environment: NodeJS.ProcessEnv) {
    const [file = '', ...args] = argv
    this.child = spawn(file, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.setEncoding('latin1').on('data', text => (this.stdout += text))
    this.child.stderr?.setEncoding('utf8').on('data', text => (this.stderr += text))
    this.child.on('close', status => {
      this.status = status
    })
  }

  shows(text: string): Promise<void> {
    return until(() => this.stdout.includes(text)).catch(() => expect(this.stdout).toContain(text))
  }

  async interrupt(): Promise<number | null | undefined> {
    this.child.kill('SIGINT')
    await until(() => this.status !== undefined)
    return this.status
  }
}

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`logs with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const started: Following[] = []
    const follow = (...args: readonly string[]) => {
      const following = new Following([...ARTIFACTS[artifact], 'logs', '-f', ...args], pool.environment)
      started.push(following)
      return following
    }
    const runToEnd = async (id: string) => {
      expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
      await pool.spmi('wait', id) // which exits with the code of the run
    }
    const stdoutOf = (id: string, run = 1) => join(pool.runDirectory(id, run), 'stdout')
    beforeAll(async () => {
      await pool.load('both', { command: 'echo out; echo more; echo err >&2; printf "no end"' })
      await pool.load('other', { command: 'printf "1\\n2\\n3\\n"' })
      await pool.load('never', { command: 'true' })
      await pool.load('quiet', { command: 'exec sleep 300' })
      await runToEnd('both')
      await runToEnd('other')
      await pool.spmi('start', 'quiet')
    })
    afterAll(async () => {
      for (const { child } of started) child.kill('SIGKILL')
      await pool.dispose()
    })

    test('shows all that is there of one task, byte by byte', async () => {
      expect(await pool.spmi('logs', 'both')).toEqual({
        status: 0,
        stdout: 'out\nmore\nno end\nerr\n',
        stderr: '',
      })
      expect((await pool.spmi('logs', '--stdout', 'both')).stdout).toBe('out\nmore\nno end')
      expect((await pool.spmi('logs', '--stderr', 'both')).stdout).toBe('err\n')
      expect((await pool.spmi('logs', '-n1', 'both')).stdout).toBe('no end\nerr\n')
      expect((await pool.spmi('logs', '--stdout', '--lines=0', 'both')).stdout).toBe('')
    })

    test('says before each line whose it is when there are several', async () => {
      const { status, stdout, stderr } = await pool.spmi('logs', '-n', '2', 'both|other|never', 'nothing')
      expect([status, stdout]).toEqual([
        1,
        'both  | more\nboth  | no end\nboth  | err\nother | 2\nother | 3\n',
      ])
      expect(stderr).toContain('Manageable "never" was never started')
      expect(stderr).toContain('No ID matches "nothing"')
    })

    test('--run and --since choose runs', async () => {
      await runToEnd('other')
      writeFileSync(stdoutOf('other'), 'first\n')
      writeFileSync(stdoutOf('other', 2), 'second\n')
      expect((await pool.spmi('logs', 'other')).stdout).toBe('second\n')
      expect((await pool.spmi('logs', '--run', '1', 'other')).stdout).toBe('first\n')
      const since = await pool.spmi('logs', '--since', '1h', 'other')
      expect(since.stdout).toBe('first\nsecond\n')
      expect(since.stderr).toMatch(/Run 1 of manageable "other"\n.*\nRun 2 of manageable "other"\n/)
      expect((await pool.spmi('logs', '--since', '2100-01-01', 'other')).stdout).toBe('')
      const missing = await pool.spmi('logs', '--run', '7', 'other')
      expect([missing.status, missing.stderr]).toEqual([
        1,
        expect.stringContaining('has no run 7; "spmi history"'),
      ])
      expect(await pool.spmi('logs', '--run', '1', '--since', '1h', 'other')).toMatchObject({ status: 2 })
      expect(await pool.spmi('logs', '-n', 'x', 'other')).toMatchObject({ status: 2 })
    })

    test('--timestamps says when lines came, and of what was there only when it was last written', async () => {
      const { stdout } = await pool.spmi('logs', '--stdout', '-t', 'both')
      const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3}'
      expect(stdout).toMatch(new RegExp(`^-{1} {23}out\n- {23}more\n${time} no end$`))
      const following = follow('-t', 'quiet')
      appendFileSync(stdoutOf('quiet'), 'now\n')
      await following.shows(' now\n')
      expect(following.stdout).toMatch(new RegExp(`^${time} now\n$`))
      expect(await following.interrupt()).toBe(0)
    })

    test('follows through truncation, renaming, and what is made anew', async () => {
      const path = stdoutOf('quiet')
      writeFileSync(path, Array.from({ length: 20 }, (_, index) => `line ${index}\n`).join(''))
      const following = follow('quiet')
      await following.shows('line 19\n')
      expect(following.stdout).toStartWith('line 10\n')
      truncateSync(path)
      appendFileSync(path, 'truncated\n')
      await following.shows('truncated\n')
      renameSync(path, `${path}.1`)
      appendFileSync(`${path}.1`, 'renamed\n')
      await following.shows('renamed\n')
      appendFileSync(path, 'new\n')
      await following.shows('new\n')
      appendFileSync(`${path}.1`, 'old\n')
      await following.shows('old\n')
      expect(following.status).toBeUndefined()
      expect(await following.interrupt()).toBe(0)
    })

    test('follows from the first start on through new runs, until the task is cleaned', async () => {
      await pool.load('again', { command: 'echo "$SPMI_RUN"; printf end' })
      const following = follow('again|never')
      await until(() => following.stderr.includes('Manageable "never" was never started'))
      for (let run = 1; run <= 3; run++) {
        await runToEnd('again')
        await until(() => following.stdout.split('again | spmi-again-').length === run + 1)
      }
      expect(following.stderr).toContain('Run 3 of manageable "again"')
      expect(following.stdout).toMatch(/^(again \| spmi-again-\w+\n(again \| end\n|$)){3}/)
      expect(await pool.spmi('clean', 'again|never')).toMatchObject({ status: 0 })
      await until(() => following.status !== undefined)
      expect([following.status, following.stdout.match(/again \| end/g)?.length]).toEqual([0, 3])
    }, 30_000)

    test('20 tasks that write 1,000 lines a second in all lose no line, and each keeps its order', async () => {
      const [tasks, lines] = [20, 250]
      const script = `$| = 1; for (1..${lines}) { print "$_ of this task\\n"; select undef, undef, undef, 0.02 }`
      const ids = Array.from({ length: tasks }, (_, index) => `busy_${index}`)
      const descriptors = ids.map(id =>
        pool.write(
          `${id}.json`,
          JSON.stringify({ task: { id, wrapper: { command: `exec perl -e '${script}'` } } }),
        ),
      )
      expect(await pool.spmi('load', ...descriptors)).toMatchObject({ status: 0 })
      const following = follow('busy_.*')
      expect(await pool.spmi('start', 'busy_.*')).toMatchObject({ status: 0 })
      const size = () => following.stdout.split('\n').length - 1
      await until(() => size() >= tasks * lines, 60_000)
      expect(await following.interrupt()).toBe(0)
      const seen = new Map<string, number[]>()
      for (const line of following.stdout.split('\n').slice(0, -1)) {
        const [, id = '', number] = /^(busy_\d+) +\| (\d+) of this task$/.exec(line) ?? [line]
        seen.set(id, [...(seen.get(id) ?? []), Number(number)])
      }
      const all = Array.from({ length: lines }, (_, index) => index + 1)
      expect([...seen.keys()].sort()).toEqual(ids.toSorted())
      for (const numbers of seen.values()) expect(numbers).toEqual(all)
    }, 90_000)

    test('a log of 10 GB costs little time for its last lines and little memory for all', async () => {
      const path = stdoutOf('quiet')
      writeFileSync(path, '')
      truncateSync(path, 10e9) // a file with a hole, which costs no space
      appendFileSync(path, '\nlast\nlines\n')
      const begin = performance.now()
      expect((await pool.spmi('logs', '-n', '2', 'quiet')).stdout).toBe('last\nlines\n')
      expect(performance.now() - begin).toBeLessThan(5000)
      const reader = spawn(
        'sh',
        ['-c', 'exec "$@" >/dev/null', 'sh', ...ARTIFACTS[artifact], 'logs', 'quiet'],
        {
          env: pool.environment,
        },
      )
      let peak = 0
      for (let look = 0; look < 20; look++) {
        await new Promise(next => setTimeout(next, 50))
        const status = readFileSync(`/proc/${reader.pid}/status`, 'utf8')
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]))
      }
      reader.kill('SIGKILL')
      truncateSync(path, 0)
      expect(peak).toBeGreaterThan(0)
      expect(peak).toBeLessThan(250_000) // kilobytes, of which the runtime itself takes most
    }, 30_000)

    test('on a terminal prefixes are coloured, and nothing is taken for a command', async () => {
      writeFileSync(stdoutOf('both'), '\x1b]0;title\x07harmless\n10%\r50%\r100%\n')
      writeFileSync(stdoutOf('other'), 'second\n')
      const command = `${ARTIFACTS[artifact].join(' ')} logs --stdout --run 1 'both|other'`
      const onTerminal = async (environment: NodeJS.ProcessEnv) => {
        const terminal = new Following(['script', '-qefc', command, '/dev/null'], {
          ...pool.environment,
          TERM: 'xterm',
          ...environment,
        })
        await until(() => terminal.status !== undefined)
        return terminal.stdout.replaceAll('\r\n', '\n')
      }
      expect(await onTerminal({ NO_COLOR: '1' })).toBe('both  | harmless\nboth  | 100%\nother | second\n')
      expect(await onTerminal({ NO_COLOR: '' })).toBe(
        '\x1b[36mboth  |\x1b[0m harmless\n\x1b[36mboth  |\x1b[0m 100%\n\x1b[33mother |\x1b[0m second\n',
      )
    })
  })
