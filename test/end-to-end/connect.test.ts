/** connect on a terminal, as a person uses it: script(1) gives it one. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'

/** A program on a terminal of its own, which is typed on. */
class Terminal {
  screen = ''
  status: number | null | undefined
  readonly #child

  constructor(command: string, environment: NodeJS.ProcessEnv) {
    this.#child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: environment,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout.setEncoding('utf8').on('data', text => {
      this.screen += text
    })
    this.#child.on('close', status => {
      this.status = status
    })
  }

  type(text: string): void {
    this.#child.stdin.write(text)
  }

  shows(text: string): Promise<void> {
    return until(() => this.screen.includes(text)).catch(() => expect(this.screen).toContain(text))
  }

  async ends(): Promise<number | null | undefined> {
    await until(() => this.status !== undefined)
    return this.status
  }
}

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`connect with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const program = ARTIFACTS[artifact].join(' ')
    const reader = 'echo before; while read -r line; do echo "got $line"; done; echo end; exit 4'
    beforeAll(async () => {
      await pool.load('echo', { command: reader })
      await pool.load('quiet', { command: 'echo out; echo err >&2; exec sleep 300' })
    })
    afterAll(() => pool.dispose())
    const output = (id: string, run = 1) => readFileSync(join(pool.runDirectory(id, run), 'stdout'), 'utf8')
    const connect = (id: string) => new Terminal(`exec ${program} connect ${id}`, pool.environment)

    test('shows what was printed, goes on showing, and passes lines', async () => {
      await pool.spmi('start', 'echo')
      const terminal = connect('echo')
      await terminal.shows('before')
      terminal.type('first line\n')
      await terminal.shows('got first line')
      const second = connect('echo')
      await second.shows('got first line')
      second.type('from the other\n')
      await terminal.shows('got from the other')
      second.type('\x03')
      expect(await second.ends()).toBe(0)
      terminal.type('still here\n')
      await terminal.shows('got still here')
      terminal.type('\x04')
      await terminal.shows('end')
      await terminal.shows('has ended')
      expect(await terminal.ends()).toBe(0)
      expect(output('echo')).toBe('before\ngot first line\ngot from the other\ngot still here\nend\n')
      expect((await pool.spmi('status', 'echo')).stdout).toContain('Exit code: 4\n')
    }, 30_000)

    test('^C leaves the task running', async () => {
      await pool.spmi('start', 'quiet')
      const terminal = connect('quiet')
      await terminal.shows('out')
      await terminal.shows('err')
      terminal.type('\x03')
      expect(await terminal.ends()).toBe(0)
      expect(terminal.screen).toContain('Left manageable "quiet" running')
      expect((await pool.spmi('status', 'quiet')).stdout).toContain('Active: active since')
      await pool.spmi('kill', 'quiet')
    }, 30_000)

    test('echo Hello | spmi connect sends and leaves', async () => {
      await pool.spmi('start', 'echo')
      const { status, stdout, stderr } = await pool.spmiWith({ input: 'Hello\n' }, 'connect', 'echo')
      expect([status, stdout]).toEqual([0, ''])
      expect(stderr).toContain('Sent 6 bytes to manageable "echo"')
      await until(() => output('echo', 2).includes('got Hello\n'))
      await pool.spmi('kill', 'echo')
    })

    test('more than a FIFO holds reaches the command whole', async () => {
      await pool.load('counter', { command: 'exec head -c 5000000 | cksum' })
      await pool.spmi('start', 'counter')
      const input = 'x'.repeat(5_000_000)
      expect(await pool.spmiWith({ input }, 'connect', 'counter')).toMatchObject({ status: 0 })
      await until(() => output('counter') !== '')
      expect(output('counter')).toBe(
        Bun.spawnSync(['cksum'], { stdin: Buffer.from(input) }).stdout.toString(),
      )
    })

    test('what is not active or not loaded is refused, with the nearest id', async () => {
      const inactive = await pool.spmiWith({ input: '' }, 'connect', 'quiet')
      expect([inactive.status, inactive.stderr]).toEqual([
        1,
        expect.stringContaining('cannot connect to manageable "quiet": it is inactive'),
      ])
      const missing = await pool.spmiWith({ input: '' }, 'connect', 'ehco')
      expect([missing.status, missing.stderr]).toEqual([
        1,
        expect.stringContaining('"ehco" is not loaded; did you mean "echo"?'),
      ])
    })

    test('a task without a FIFO says that it takes no input', async () => {
      await pool.load('deaf', { command: 'exec sleep 300', stdin: 'null' })
      await pool.spmi('start', 'deaf')
      const { status, stderr } = await pool.spmiWith({ input: 'x' }, 'connect', 'deaf')
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('cannot pass input to manageable "deaf": '),
      ])
      await pool.spmi('kill', 'deaf')
    })
  })
