/**
 * What crashes beside a task: its wrapper, its session manager, the CLI, the terminal of whoever started it, the machine. The task stays
 * what it is, how it ended is never invented, and no process of others is touched.
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isLiving, parentOf, stateOf } from '../support/processes.ts'
import { ARTIFACTS, runProgram, TestPool, until } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'
import { extent, isFull } from './support/extent.ts'
import { count, expectNone } from './support/figures.ts'
import { Random } from './support/random.ts'
import { Witness } from './support/witness.ts'

const [program] = ARTIFACTS['dist/spmi']
const fixture = (name: string) => resolve(import.meta.dir, '../fixtures', name)
const HIDDEN = 'env -i setsid -f sleep 3000'

function journalOf(pool: TestPool, id: string, run = 1): string {
  const path = join(pool.runDirectory(id, run), 'journal')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The pid of the wrapper of a run, once it has come. */
function wrapperOf(pool: TestPool, id: string, run = 1): number | undefined {
  const pid = /^claimed .* pid=(\d+) /.exec(journalOf(pool, id, run))?.[1]
  return pid === undefined ? undefined : Number(pid)
}

const statusOf = async (pool: TestPool, id: string) => (await pool.spmi('status', id)).stdout

function killIfThere(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  spawnSync('kill', [`-${signal.slice(3)}`, String(pid)])
}

for (const backend of isFull ? ['native', 'screen', 'tmux'] : ['native'])
  describe(`on ${backend} a wrapper that is killed`, () => {
    const pool = new TestPool()
    afterAll(() => pool.dispose())
    const load = (id: string, command: string) =>
      pool.load(id, { command, stop_timeout: 4 }, { type: backend })

    for (const verb of ['stop', 'kill'])
      test(`leaves a task that is active, that ${verb} reaches, and whose end nobody knows`, async () => {
        const witness = new Witness(pool.folder)
        const id = `left-to-${verb}`
        await load(id, witness.command(`${HIDDEN}; sleep 3000`))
        expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
        await until(() => witness.begins().length === 1 && witness.survivors().length >= 3)
        killIfThere(wrapperOf(pool, id) ?? 0)
        await until(async () => (await statusOf(pool, id)).includes('active (left behind)'))
        const lies: string[] = []
        const refused = await pool.spmi('start', id)
        if (!refused.stderr.includes('it is active')) lies.push(refused.stderr)
        expect(await pool.spmi(verb, id)).toMatchObject({ status: 0 })
        expectNone('survivors', witness.survivors())
        const status = await statusOf(pool, id)
        if (!status.includes('inactive (lost)') || status.includes('Exit code')) lies.push(status)
        expectNone('lies', lies)
        count('cases')
      })

    test('does not know how the command ended by itself, and says so', async () => {
      const witness = new Witness(pool.folder)
      await load('alone', witness.command(`until [ -e '${pool.folder}/end' ]; do sleep 0.01; done; exit 7`))
      expect(await pool.spmi('start', 'alone')).toMatchObject({ status: 0 })
      await until(() => witness.begins().length === 1)
      killIfThere(wrapperOf(pool, 'alone') ?? 0)
      pool.write('end', '')
      await until(() => witness.survivors().length === 0)
      const status = await statusOf(pool, 'alone')
      expect(witness.ends()).toEqual([7])
      expectNone('lies', status.includes('inactive (lost)') && !status.includes('Exit code') ? [] : [status])
      count('cases')
    })

    test('at any moment of its start leaves one run at most', async () => {
      const random = new Random(41)
      const rounds = extent(4, backend === 'native' ? 40 : 10)
      const lies: string[] = []
      const survivors: number[] = []
      for (let round = 0; round < rounds; round++) {
        const witness = new Witness(pool.folder)
        const id = `early-${round}`
        await load(id, witness.command('sleep 3000'))
        const start = spawn(program, ['start', id], { env: pool.environment, stdio: 'ignore' })
        await until(() => wrapperOf(pool, id) !== undefined)
        await Bun.sleep(random.next() * 8)
        killIfThere(wrapperOf(pool, id) ?? 0)
        await until(() => start.exitCode !== null)
        await pool.spmi('start', id)
        await until(() => witness.begins().some(isLiving)) // the one that refused it, or its own
        const living = witness.begins().filter(isLiving)
        if (living.length > 1) lies.push(`round ${round}: ${living.length} commands live at once`)
        const killed = await pool.spmi('kill', id)
        if (killed.status !== 0) lies.push(killed.stderr)
        survivors.push(...witness.survivors())
      }
      count('rounds', rounds)
      expectNone('lies', lies)
      expectNone('survivors', survivors)
    }, 120_000)
  })

describe('a session manager that is gone', () => {
  const pool = new TestPool()
  afterAll(() => pool.dispose())
  const managers = {
    screen: () => join(pool.folder, 'screens'),
    tmux: () => join(pool.folder, `tmux-${process.getuid?.()}`),
  }

  for (const [backend, socketsOf] of Object.entries(managers)) {
    const isThere = Bun.which(backend) !== null

    needs(backend, isThere)(
      `${backend}, killed: what ignores the hangup stays active and can be killed`,
      async () => {
        const witness = new Witness(pool.folder)
        const id = `killed-${backend}`
        await pool.load(
          id,
          { command: `trap "" HUP TERM INT; ${witness.command('sleep 3000')}`, stop_timeout: 0.3 },
          { type: backend },
        )
        expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
        await until(() => witness.begins().length === 1)
        const manager = Number(/^ +Backend ID: (\d+)/m.exec(await statusOf(pool, id))?.[1])
        killIfThere(manager)
        await until(() => !isLiving(manager))
        const lies: string[] = []
        for (let look = 0; look < extent(3, 20); look++) {
          const { stderr } = await pool.spmi('start', id)
          if (!stderr.includes('it is active')) lies.push(stderr)
        }
        expectNone('lies', lies)
        const stopped = await pool.spmi('stop', id)
        expect([stopped.status, stopped.stderr.includes('are left: ')]).toEqual([1, true])
        expect(await pool.spmi('kill', id)).toMatchObject({ status: 0 })
        expectNone('survivors', witness.survivors())
        expect(await statusOf(pool, id)).toContain('Exit code: 137')
        count('cases')
      },
    )

    needs(backend, isThere)(
      `${backend}, its socket removed: tasks are what they are, and can be started and stopped`,
      async () => {
        const [first, second] = [new Witness(pool.folder), new Witness(pool.folder)]
        const ids = [`socket-${backend}-1`, `socket-${backend}-2`] as const
        await pool.load(ids[0], { command: first.command('sleep 3000') }, { type: backend })
        await pool.load(ids[1], { command: second.command('sleep 3000') }, { type: backend })
        expect(await pool.spmi('start', ids[0])).toMatchObject({ status: 0 })
        await until(() => first.begins().length === 1)
        for (const name of readdirSync(socketsOf())) rmSync(join(socketsOf(), name))
        const refused = await pool.spmi('start', ...ids)
        expectNone('lies', refused.stderr.includes(`"${ids[0]}": it is active`) ? [] : [refused.stderr])
        await until(() => second.begins().length === 1)
        expect(await pool.spmi('stop', ...ids)).toMatchObject({ status: 0 })
        expectNone('survivors', [...first.survivors(), ...second.survivors()])
        count('cases')
      },
    )
  }
})

describe('a task does not feel the end of', () => {
  const pool = new TestPool()
  const witness = new Witness(pool.folder)
  afterAll(() => pool.dispose())

  needs('script', Bun.which('script') !== null)(
    'the terminal, and the session, in which it was started',
    async () => {
      await pool.load('task', { command: witness.command('sleep 3000') })
      const words = `'${program}' start task; echo over >'${pool.folder}/over'; exec sleep 3000`
      const terminal = spawn('script', ['-qec', words, '/dev/null'], {
        env: pool.environment,
        stdio: 'ignore',
      })
      await until(() => existsSync(join(pool.folder, 'over')))
      const shell =
        readdirSync('/proc')
          .map(Number)
          .find(pid => parentOf(pid) === terminal.pid) ?? 0
      terminal.kill('SIGKILL')
      await until(() => !isLiving(shell)) // which has got the SIGHUP
      await expectUntouched()
    },
  )

  for (const words of [
    ['wait', 'task'],
    ['logs', '--follow', 'task'],
    ['connect', 'task'],
  ])
    test(`spmi ${words[0]}`, async () => {
      for (const signal of ['SIGHUP', 'SIGTERM', 'SIGKILL'] as const) {
        const client = spawn(program, words, { env: pool.environment, stdio: ['pipe', 'pipe', 'pipe'] })
        await until(() => client.exitCode !== null || stateOf(client.pid ?? 0) === 'S')
        await Bun.sleep(50) // somewhere in its work
        client.kill(signal)
        await until(() => client.exitCode !== null || client.signalCode !== null)
        count('cases')
      }
      await expectUntouched()
    })

  test('spmi run in the foreground', async () => {
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGKILL'] as const) {
      const runner = new Witness(pool.folder)
      const words = [
        'run',
        '--id',
        `run-${signal}`,
        '--foreground',
        '--',
        'sh',
        '-c',
        runner.command('sleep 3000'),
      ]
      const client = spawn(program, words, { env: pool.environment, stdio: 'ignore' })
      await until(() => runner.begins().length === 1)
      client.kill(signal)
      await until(() => client.exitCode !== null || client.signalCode !== null)
      const status = await statusOf(pool, `run-${signal}`)
      expectNone(
        'lies',
        status.includes('Active: active since') && runner.begins().every(isLiving) ? [] : [status],
      )
      expect(journalOf(pool, `run-${signal}`)).not.toContain('signalled')
      count('cases')
    }
  })

  async function expectUntouched(): Promise<void> {
    const lies = (await statusOf(pool, 'task')).includes('Active: active since')
      ? []
      : [await statusOf(pool, 'task')]
    expectNone('lies', lies)
    expect([witness.begins().filter(isLiving).length, witness.ends()]).toEqual([1, []])
    expect(journalOf(pool, 'task')).not.toContain('signalled')
  }
})

describe('numbers of processes that innocents have got', () => {
  const namespace = `unshare --pid --fork --mount-proc --kill-child perl ${fixture('reaper.pl')}`.split(' ')
  const setNumber = ['unshare', '-T', '--boottime', '1', 'sh', '-c', 'echo 9 >/proc/sys/kernel/ns_last_pid']
  const canUnshare = Bun.spawnSync([...namespace, ...setNumber]).exitCode === 0

  interface Played {
    readonly innocents: number
    readonly hit: readonly string[]
    readonly lies: readonly string[]
  }
  const play = async (rounds: number, kind: string): Promise<Played> => {
    const argv = [...namespace, process.execPath, fixture('reboot.ts'), String(rounds), kind]
    const { stdout, stderr } = await runProgram(argv, { timeout: 100_000 })
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout)
  }

  for (const [kind, words, most] of [
    ['reboot', 'after another boot', 50],
    ['reuse', 'on the same boot', 20],
  ] as const)
    needs('pid and time namespaces', canUnshare, 'privilege')(
      `${words}: no command touches them`,
      async () => {
        const rounds = extent(2, most)
        const played: Played[] = []
        for (let left = rounds; left > 0; left -= 10) played.push(await play(Math.min(left, 10), kind))
        const innocents = played.reduce((sum, each) => sum + each.innocents, 0)
        count('rounds', rounds)
        count('cases', innocents)
        expect(innocents).toBeGreaterThan(rounds * 6)
        expectNone(
          'innocents hit',
          played.flatMap(({ hit }) => hit),
        )
        expectNone(
          'lies',
          played.flatMap(({ lies }) => lies),
        )
      },
      600_000,
    )

  needs('pid and time namespaces', canUnshare, 'privilege')(
    'would be hit if neither boot nor time told them apart (this test can fail)',
    async () => expect((await play(1, 'control')).hit).not.toEqual([]),
    120_000,
  )
})

describe('in a container whose uptime is its own (LXC)', () => {
  const pool = new TestPool()
  afterAll(() => pool.dispose())
  const contain = [
    'unshare',
    '-m',
    'sh',
    '-c',
    'mount --bind "$0" /proc/uptime && exec "$@"',
    join(pool.folder, 'uptime'),
  ]
  pool.write('uptime', '12.34 5.67\n')
  const canMount = spawnSync('unshare', [...contain.slice(1), 'true']).status === 0
  const spmi = (...args: string[]) =>
    runProgram([...contain, program, ...args], { environment: pool.environment })

  needs(
    'a mount namespace',
    canMount,
    'privilege',
  )('a task is active, and stop ends all of it', async () => {
    const witness = new Witness(pool.folder)
    await pool.load('contained', { command: witness.command(`${HIDDEN}; sleep 3000`) })
    expect(await spmi('start', 'contained')).toMatchObject({ status: 0 })
    await until(() => witness.survivors().length >= 3)
    const { stdout } = await spmi('status', 'contained')
    expectNone('lies', /Active: active since .* ago\)$/m.test(stdout) ? [] : [stdout])
    expect(await spmi('stop', 'contained')).toMatchObject({ status: 0 })
    expectNone('survivors', witness.survivors())
    const [claimed = 0, ended = 0] = [...journalOf(pool, 'contained').matchAll(/ at=(\d+)/g)].map(([, at]) =>
      Number(at),
    )
    expect([Math.abs(Date.now() - claimed) < 60_000, ended >= claimed]).toEqual([true, true])
    count('cases')
  })
})

describe('zombies that nobody reaps', () => {
  const pool = new TestPool()
  afterAll(() => pool.dispose())
  /** Adopts what loses its parent, and never waits for it. */
  const ADOPTER =
    'syscall(157, 36, 1, 0, 0, 0) == 0 or die; my $child = fork; if (!$child) { exec @ARGV } sleep 1 while 1'

  async function startBelowAdopter(
    id: string,
    command: string,
  ): Promise<{ end: () => void; zombies: () => number }> {
    await pool.load(id, { command, stop_timeout: 2 })
    const adopter = spawn('perl', ['-e', ADOPTER, program, 'start', id], {
      env: pool.environment,
      stdio: 'ignore',
    })
    await until(() => journalOf(pool, id).includes('spawned'))
    const zombies = () =>
      readdirSync('/proc')
        .map(Number)
        .filter(pid => parentOf(pid) === adopter.pid && stateOf(pid) === 'Z').length
    return { end: () => adopter.kill('SIGKILL'), zombies }
  }

  test('do not keep a run that ends by itself, nor its wrapper', async () => {
    const { end, zombies } = await startBelowAdopter(
      'itself',
      'for n in 1 2 3 4 5; do sh -c "sleep 0.1 & setsid -f sleep 0.1"; done; sleep 0.3; exit 3',
    )
    await until(async () => (await statusOf(pool, 'itself')).includes('Exit code: 3'))
    expect(zombies()).toBeGreaterThan(10)
    expect(await pool.spmi('start', 'itself')).toMatchObject({ status: 0 })
    expect(await pool.spmi('kill', 'itself')).toMatchObject({ status: 0 })
    end()
    count('cases')
  })

  for (const verb of ['stop', 'kill'])
    test(`do not keep ${verb} from its end`, async () => {
      const { end, zombies } = await startBelowAdopter(
        verb,
        'for n in 1 2 3 4 5; do sh -c "sleep 0.1 & setsid -f sleep 3000"; done; exec sleep 3000',
      )
      await until(() => zombies() >= 5)
      expect(await pool.spmi(verb, verb)).toMatchObject({ status: 0 })
      expect(zombies()).toBeGreaterThanOrEqual(10)
      expectNone(
        'lies',
        (await statusOf(pool, verb)).includes('Active: inactive since') ? [] : [await statusOf(pool, verb)],
      )
      end()
      count('cases')
    })

  test('do not make a command of a killed wrapper live on', async () => {
    const { end } = await startBelowAdopter('orphan', 'exec sleep 3000')
    const pid = Number(/^ +PID: (\d+)/m.exec(await statusOf(pool, 'orphan'))?.[1])
    killIfThere(wrapperOf(pool, 'orphan') ?? 0)
    killIfThere(pid)
    await until(() => stateOf(pid) === 'Z')
    expectNone(
      'lies',
      (await statusOf(pool, 'orphan')).includes('inactive (lost)') ? [] : [await statusOf(pool, 'orphan')],
    )
    expect(await pool.spmi('start', 'orphan')).toMatchObject({ status: 0 })
    expect(await pool.spmi('kill', 'orphan')).toMatchObject({ status: 0 })
    end()
    count('cases')
  })
})
