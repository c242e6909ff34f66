/** Tasks on terminals of their own, and connect to them, as somebody at a real terminal does it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findByArgument, findByVariable, parentOf, stateOf } from '../support/processes.ts'
import { Seat } from '../support/seat.ts'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'

const SERVERS = { systemd: UserManager, slurm: SlurmCluster }

for (const backend of ['native', 'screen', 'tmux']) describeArtifacts(backend)
for (const [backend, Server] of Object.entries(SERVERS)) {
  const refusal = process.env.SPMI_TEST_STRICT ? undefined : Server.refuse()
  if (refusal !== undefined) test.skip(`terminals under ${backend}: ${refusal}`, () => {})
  else
    describe(backend, () => {
      const server = new Server()
      beforeAll(() => server.start())
      afterAll(() => server.stop())
      describeArtifacts(backend, server.environment)
    })
}

function describeArtifacts(backend: string, environment: NodeJS.ProcessEnv = {}): void {
  for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
    describe(`a terminal, ${backend}, with ${artifact}`, () =>
      describeTerminal(backend, new TestPool(artifact, environment)))
}

function describeTerminal(backend: string, pool: TestPool): void {
  const { artifact } = pool
  const program = ARTIFACTS[artifact].join(' ')
  const seats: Seat[] = []
  afterEach(() => {
    for (const seat of seats.splice(0)) seat.kill()
  })
  afterAll(() => pool.dispose())

  const start = async (id: string, wrapper: object) => {
    await pool.load(id, { type: 'terminal', ...wrapper }, { type: backend })
    expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
    const journal = join(pool.runDirectory(id), 'journal')
    await until(() => existsSync(journal) && /^spawned /m.test(readFileSync(journal, 'utf8')), 30_000)
  }
  const sit = (columns = 100, rows = 30) => {
    const seat = new Seat(pool.environment, { columns, rows })
    seats.push(seat)
    return seat
  }
  /** Connects. @returns how one leaves again */
  const connect = async (seat: Seat, id: string) => {
    seat.enter(`clear; ${program} connect ${id}`)
    const words = /Connected to manageable ".*" \(\^(.) d leaves it running\)/
    await seat.shows(words)
    const [, key = ''] = words.exec(seat.screen) ?? []
    return async () => {
      seat.press(`C-${key.toLowerCase()}`, 'd')
      await seat.shows(`Left manageable "${id}" running`)
    }
  }
  /** The pids of those who are connected in this pool. */
  const findViewers = () => {
    const ours = findByVariable(`SPMI_PATH=${pool.path}`)
    return findByArgument('connect').filter(pid => ours.includes(pid))
  }
  const read = (id: string, file = 'stdout') => readFileSync(join(pool.runDirectory(id), file), 'utf8')
  const status = async (id: string) => (await pool.spmi('status', id)).stdout

  test('vim works, also after one has left and come back', async () => {
    const file = pool.write('text', 'first line\n')
    await start('vim', { command: `exec vim -u NONE -N '${file}'` })
    const seat = sit()
    const modes = await seat.ask('stty -a')
    const leave = await connect(seat, 'vim')
    await seat.shows(/^first line\n~/m)
    seat.press('i', 'hello ', 'Escape')
    await seat.shows(/^hello first line\n~/m)
    await until(() => !seat.screen.includes('INSERT')) // tmux waits whether Escape begins another key
    await leave()
    expect(seat.isOtherScreen).toBe(false)
    expect(await seat.ask('stty -a')).toBe(modes)
    expect(await status('vim')).toContain('Active: active since')
    await connect(seat, 'vim')
    await seat.shows(/^hello first line\n~/m)
    seat.enter(':wq')
    await seat.shows('Manageable "vim" has ended')
    expect(seat.isOtherScreen).toBe(false)
    expect(await seat.ask('stty -a')).toBe(modes)
    expect(readFileSync(file, 'utf8')).toBe('hello first line\n')
    expect(await status('vim')).toContain('Exit code: 0\n')
  }, 60_000)

  test('htop works, follows the size of the terminal, and does not notice when that is killed', async () => {
    await start('htop', { command: 'htop' })
    const seat = sit(100, 30)
    await connect(seat, 'htop')
    const isFitted = ({ lines }: Seat) => lines.slice(-2).some(line => /F10 ?Quit/.test(line))
    await until(() => isFitted(seat))
    seat.resize(120, 40)
    await until(() => seat.lines.length === 40 && isFitted(seat))
    seat.kill()
    await until(() => findViewers().length === 0)
    expect(await status('htop')).toContain('Active: active since')
    const other = sit(90, 25)
    const leave = await connect(other, 'htop')
    await until(() => isFitted(other))
    await leave()
    await connect(other, 'htop')
    await until(() => isFitted(other))
    other.press('q')
    await other.shows('Manageable "htop" has ended')
    expect(await status('htop')).toContain('Exit code: 0\n')
    expect(read('htop', 'journal')).not.toContain('signalled')
  }, 60_000)

  test('a password is asked for, and neither shown nor saved', async () => {
    const command =
      'stty -echo; printf "Password: "; read -r word; stty echo; echo; echo "it has ${#word}"; read -r _'
    await start('login', { command })
    const seat = sit()
    const leave = await connect(seat, 'login')
    await seat.shows(/^Password:/m)
    await leave()
    await connect(seat, 'login')
    await seat.shows(/^Password:/m)
    seat.enter('opensesame')
    await seat.shows('it has 10')
    expect([seat.screen, read('login')].filter(text => text.includes('sesame'))).toEqual([])
    seat.press('Enter')
    await seat.shows('Manageable "login" has ended')
  }, 60_000)

  test('programs are told of each new size', async () => {
    await start('size', { command: "trap 'stty size' WINCH; while :; do sleep 0.05; done" })
    const seat = sit(91, 31)
    await connect(seat, 'size')
    await seat.shows(/3[01] 91/) // a session manager may keep a line for itself
    seat.resize(72, 22)
    await seat.shows(/2[12] 72/)
    await pool.spmi('kill', 'size')
    await seat.shows('Manageable "size" has ended')
  }, 60_000)

  test('what ends connect gives the terminal back', async () => {
    await start('shell', { command: 'exec sh', stop_signal: 'SIGHUP' })
    const seat = sit()
    const modes = await seat.ask('stty -a')
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      await connect(seat, 'shell')
      seat.enter('echo "it is $((6 * 7))"')
      await seat.shows('it is 42')
      const [pid = 0] = findViewers()
      process.kill(pid, signal)
      await seat.shows('Left manageable "shell" running')
      expect(await seat.ask('stty -a')).toBe(modes)
    }
    expect(await pool.spmi('stop', 'shell')).toMatchObject({ status: 0 })
  }, 60_000)

  test('in a pipe, connect types what it reads', async () => {
    await start('pipe', { command: 'stty -echo; while read -r line; do echo "got $line"; done; exit 4' })
    expect(await pool.spmiWith({ input: 'one\n' }, 'connect', 'pipe')).toMatchObject({ status: 0 })
    await until(() => read('pipe').includes('got one\r\n'))
    expect(await pool.spmiWith({ input: '\x04' }, 'connect', 'pipe')).toMatchObject({ status: 0 })
    await until(async () => (await status('pipe')).includes('Exit code: 4\n'))
    expect(await status('pipe')).toContain('\n\ngot one\n\n')
  })

  test('a command that was stopped and let go on can be talked to', async () => {
    await start('paused', {
      command: 'stty -echo; echo ready; while read -r line; do echo "got $line"; done',
    })
    await until(() => read('paused').includes('ready'))
    const pid = Number(/^spawned .*pid=(\d+)/m.exec(read('paused', 'journal'))?.[1])
    process.kill(pid, 'SIGSTOP')
    await until(() => stateOf(parentOf(pid)) === 'T') // as script(1) does
    process.kill(pid, 'SIGCONT')
    expect(await pool.spmiWith({ input: 'on\n' }, 'connect', 'paused')).toMatchObject({ status: 0 })
    await until(() => read('paused').includes('got on'))
    expect(await pool.spmi('kill', 'paused')).toMatchObject({ status: 0 })
  })

  test('stop delivers each signal once, and the exit code is exact', async () => {
    const command =
      "trap 'echo INT' INT; trap 'echo TERM; sleep 0.2; exit 7' TERM; echo ready; while :; do sleep 0.02; done 2>&-"
    await start('counting', { command, stop_timeout: 3 })
    await until(() => read('counting').includes('ready'))
    expect(await pool.spmi('stop', 'counting')).toMatchObject({ status: 0 })
    expect(read('counting')).toBe('ready\r\nINT\r\nTERM\r\n')
    expect(await status('counting')).toContain('Exit code: 7\n')
  })

  test('kill leaves nothing, also of what has stopped itself', async () => {
    const command = 'sleep 300 & kill -STOP $$; exec sleep 300'
    await start('stopped', { command })
    const run = /name=(\S+)/.exec(read('stopped', 'journal'))?.[1]
    const find = () => findByVariable(`SPMI_RUN=${run}`)
    await until(() => find().length === 3) // script, the shell and its child
    expect(await pool.spmi('kill', 'stopped')).toMatchObject({ status: 0 })
    expect(find()).toEqual([])
    expect(await status('stopped')).toContain('Exit code: 137 (SIGKILL)')
  })

  if (['screen', 'tmux'].includes(backend))
    test('the end of the session manager hangs the terminal up, which the command hears, and is recorded', async () => {
      await start('managed', {
        command: "trap 'echo HUP; sleep 0.2; echo bye; exit 9' HUP; echo ready; sleep 300 & wait",
      })
      await until(() => read('managed').includes('ready'))
      process.kill(Number(/^ +Backend ID: (\d+)$/m.exec(await status('managed'))?.[1]), 'SIGKILL')
      await until(() => /^exited .* code=9$/m.test(read('managed', 'journal')))
      expect(read('managed')).toBe('ready\r\nHUP\r\nbye\r\n')
    })
}
