/** Other users: what they could read or change, at any moment, and what becomes of them when they try. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARTIFACTS, type Outcome, runProgram, TestPool, until } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'
import { isFull } from './support/extent.ts'
import { count, measured } from './support/figures.ts'
import { MODE_CALLS, readModes } from './support/modes.ts'

const isRoot = process.getuid?.() === 0
const hasStrace = Bun.which('strace') !== null
const SPMI = ARTIFACTS['dist/spmi']
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']

const BACKENDS = ['native', 'screen', 'tmux'].filter(type => type === 'native' || Bun.which(type) !== null)

/** The program under a umask, traced. @returns what strace wrote */
async function trace(
  pool: TestPool,
  calls: string,
  args: readonly string[],
  environment = {},
): Promise<string> {
  const file = join(pool.folder, `trace-${args[0]}-${Math.random()}`)
  const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-s', '65535', '-o', file, '-e', `trace=${calls}`]
  const shell = ['sh', '-c', 'umask 000; exec "$@"', 'sh', ...strace, ...SPMI, ...args]
  const { status, stderr } = await runProgram(shell, {
    environment: { ...pool.environment, ...environment },
    cwd: pool.folder,
  })
  expect([args, status, stderr]).toEqual([args, 0, stderr])
  return file
}

/** All files below a folder. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(name => join(folder, String(name)))
}

describe('modes', () => {
  test.skipIf(!hasStrace)(
    'under umask 000 nothing in a pool is open to others, from its first moment on',
    async () => {
      const open: string[] = []
      let made = 0
      for (const type of isFull ? BACKENDS : ['native']) {
        const pool = new TestPool()
        const duration = join(pool.folder, 'duration')
        const wrapper = { command: `sleep $(cat '${duration}')`, stdin: 'fifo' }
        writeFileSync(duration, '0.3') // strace stays until all have ended that it has seen
        pool.write('task.json', JSON.stringify({ task: { id: 'task', backend: { type }, wrapper } }))
        pool.write('run.json', '')
        try {
          const calm = [
            ['load', 'task.json'],
            ['start', 'task'],
            ['list', '-l'],
            ['reload', 'task.json'],
            ['edit', 'task'],
          ]
          const lively = [
            ['signal', 'WINCH', 'task'],
            ['stop', 'task'],
            ['kill', 'task'],
            ['prune', '--keep', '1', 'task'],
            ['clean', 'task'],
          ]
          const commands = [...calm, ...lively]
          for (const args of commands) {
            if (args === lively[0]) writeFileSync(duration, '1000')
            if (['signal', 'kill'].includes(args[0] ?? '')) await pool.spmi('start', 'task')
            const file = await trace(pool, MODE_CALLS, args, { EDITOR: 'true' })
            for (const { path, mode, call } of readModes(file, pool.path, 0)) {
              made++
              if ((mode & 0o077) !== 0)
                open.push(`${type}: spmi ${args.join(' ')}: ${call} "${path}" ${mode.toString(8)}`)
            }
            if (!existsSync(pool.path)) continue
            for (const path of listFiles(pool.path))
              if ((statSync(path).mode & 0o077) !== 0) open.push(`${type}: ${path} stays open`)
          }
          count('cases', commands.length)
        } finally {
          await pool.dispose()
        }
      }
      measured('files made in a pool under umask 000, none of them open', String(made))
      expect(made).toBeGreaterThan(20)
      expect(open).toEqual([])
    },
  )
})

describe('a pool that others could read, change or replace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spmi-open-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  interface Case {
    readonly what: string
    readonly make: (at: string) => string
    readonly words: string
    readonly needsRoot?: boolean
  }
  const makeFolder = (path: string, mode: number) => {
    mkdirSync(path, { recursive: true })
    chmodSync(path, mode)
    return path
  }
  const CASES: readonly Case[] = [
    {
      what: 'writable by its group',
      make: at => makeFolder(join(at, 'pool'), 0o770),
      words: 'is open to other users; chmod 700',
    },
    {
      what: 'readable by all',
      make: at => fill(makeFolder(join(at, 'pool'), 0o755)),
      words: 'is open to other users; chmod 700',
    },
    {
      what: 'of another user',
      needsRoot: true,
      make: at => {
        const path = makeFolder(join(at, 'pool'), 0o700)
        chownSync(path, 65534, 65534)
        return path
      },
      words: 'belongs to another user',
    },
    {
      what: 'behind a link to one that is open',
      make: at => {
        symlinkSync(fill(makeFolder(join(at, 'target'), 0o755)), join(at, 'pool'))
        return join(at, 'pool')
      },
      words: 'is open to other users',
    },
    {
      what: 'below a folder to which everybody may write',
      make: at => makeFolder(join(makeFolder(join(at, 'shared'), 0o777), 'pool'), 0o700),
      words: 'can be replaced: everybody may write to',
    },
    {
      what: 'far below such a folder, behind a link',
      make: at => {
        const target = makeFolder(join(makeFolder(join(at, 'shared'), 0o777), 'a/b/pool'), 0o700)
        symlinkSync(target, join(at, 'pool'))
        return join(at, 'pool')
      },
      words: 'can be replaced: everybody may write to',
    },
    {
      what: 'that is not there yet, below such a folder',
      make: at => join(makeFolder(join(at, 'shared'), 0o777), 'pool'),
      words: 'can be replaced: everybody may write to',
    },
    {
      what: 'behind a link of another user',
      needsRoot: true,
      make: at => {
        symlinkSync(makeFolder(join(at, 'target'), 0o700), join(at, 'pool'))
        lchownSync(join(at, 'pool'), 65534, 65534)
        return join(at, 'pool')
      },
      words: 'is reached by a link of another user',
    },
  ]

  test.each(CASES.filter(({ needsRoot }) => isRoot || !needsRoot).map(each => [each.what, each] as const))(
    '%s is refused by every command, and not touched',
    async (_, { make, words }) => {
      const at = mkdtempSync(join(folder, 'case-'))
      const path = make(at)
      const before = listFiles(at)
      writeFileSync(join(folder, 'task.json'), '{"task":{"id":"task","wrapper":{"command":"true"}}}')
      const environment = { ...process.env, SPMI_PATH: path }
      const commands = [
        ['load', join(folder, 'task.json')],
        ['list'],
        ['start', '.*'],
        ['status', '.*'],
        ['run', 'true'],
        ['clean', '.*'],
      ]
      for (const args of commands) {
        const { status, stdout, stderr } = await runProgram([...SPMI, ...args], { environment, cwd: folder })
        count('cases')
        expect([args[0], status, stdout, stderr.includes(words) || stderr]).toEqual([args[0], 1, '', true])
      }
      expect(listFiles(at)).toEqual(before)
    },
  )

  test('below a folder with the sticky bit, or behind a link of ours, it is used', async () => {
    const at = mkdtempSync(join(folder, 'fine-'))
    const target = makeFolder(join(makeFolder(join(at, 'shared'), 0o1777), 'pool'), 0o700)
    symlinkSync(target, join(at, 'link'))
    for (const path of [target, join(at, 'link')]) {
      const { status, stderr } = await runProgram([...SPMI, 'list'], {
        environment: { ...process.env, SPMI_PATH: path },
      })
      expect([status, stderr.includes('ERROR')]).toEqual([0, false])
    }
  })
})

/** Makes a folder one that is not fresh. */
function fill(path: string): string {
  writeFileSync(join(path, 'something'), '')
  return path
}

describe('another user', () => {
  test.skipIf(!isRoot)('reads nothing and does nothing, whatever the command', async () => {
    const pool = new TestPool()
    const secret = `secret${Math.random()}`
    try {
      chmodSync(pool.folder, 0o755)
      await pool.load('task', { command: `echo ${secret}; sleep 1000`, env: { TOKEN: secret } })
      expect(await pool.spmi('start', 'task')).toMatchObject({ status: 0 })
      const before = listFiles(pool.path)
      const commands = [
        ['list'],
        ['list', '-l'],
        ['list', '--json'],
        ['status', '.*'],
        ['start', '.*'],
        ['restart', '.*'],
        ['stop', '.*'],
        ['kill', '.*'],
        ['signal', 'KILL', '.*'],
        ['pause', '.*'],
        ['resume', '.*'],
        ['clean', '.*'],
        ['logs', '.*'],
        ['history', '.*'],
        ['show', 'task'],
        ['show', '--secrets', 'task'],
        ['wait', '--timeout', '1', '.*'],
        ['prune', '--keep', '1', '.*'],
        ['connect', 'task'],
        ['edit', 'task'],
        ['load', 'task.json'],
        ['reload', 'task.json'],
        ['run', 'true'],
        ['doctor'],
        ['__complete', 'start', ''],
      ]
      for (const args of isFull ? commands : commands.filter((_, index) => index % 2 === 0)) {
        const outcome: Outcome = await runProgram([...NOBODY, ...SPMI, ...args], {
          environment: { ...pool.environment, EDITOR: 'true', HOME: '/' },
          cwd: pool.folder,
        })
        count('cases')
        const said = outcome.stdout + outcome.stderr
        expect([args, said.includes(secret), said.includes('bug in SPMI')]).toEqual([args, false, false])
        if (args[0] === '__complete') continue
        expect([args, outcome.status === 0]).toEqual([args, false])
        if (!['doctor', 'show', 'load'].includes(args[0] ?? ''))
          expect(said).toMatch(/belongs to another user|unknown/)
      }
      expect(listFiles(pool.path)).toEqual(before)
      expect((await pool.spmi('list')).stdout).toMatch(/^task +active/m)
      chmodSync(pool.folder, 0o700)
      const { status, stderr } = await runProgram([...NOBODY, ...SPMI, 'list'], {
        environment: pool.environment,
      })
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('cannot be used (EACCES); set $SPMI_PATH'),
      ])
    } finally {
      await pool.dispose()
    }
  })
})

describe('a secret of the environment', () => {
  const refusal = UserManager.refuse()
  const manager = refusal === undefined && isFull ? new UserManager() : undefined
  beforeAll(() => manager?.start())
  afterAll(() => manager?.stop())

  test.skipIf(!hasStrace)('is in no argv, no listing, and no file that others could read', async () => {
    for (const type of [...BACKENDS, ...(manager ? ['systemd'] : [])]) {
      const secret = `s3cr3t${Math.random()}`.replace('.', '')
      const pool = new TestPool('dist/spmi', { ...manager?.environment, API_TOKEN: secret })
      const duration = pool.write('duration', '0.3')
      try {
        await pool.load(
          'task',
          { command: `sleep $(cat '${duration}')`, env: { OWN_PASSWORD: secret } },
          { type },
        )
        const file = await trace(pool, 'execve', ['start', 'task'])
        const execs = readFileSync(file, 'utf8')
        expect([type, execs.split('execve(').length > 2, execs.includes(secret)]).toEqual([type, true, false])
        await pool.spmi('wait', 'task')
        pool.write('duration', '1000')
        expect(await pool.spmi('start', 'task')).toMatchObject({ status: 0 })
        const argvs = readdirSync('/proc')
          .filter(pid => /^\d+$/.test(pid))
          .map(pid => readOr(`/proc/${pid}/cmdline`))
        expect(argvs.filter(argv => argv.includes(secret))).toEqual([])
        const shows = [
          ['list', '-l'],
          ['list', '-l', '--json'],
          ['status', 'task'],
          ['status', '--json', 'task'],
          ['show', 'task'],
          ['show', '--json', 'task'],
          ['history', 'task'],
          ['history', '--json', 'task'],
          ['doctor'],
          ['start', '--dry-run', 'task'],
          ['restart', '-d', 'task'],
          ['start', '--dry-run', '--json', 'task'],
        ]
        for (const args of shows) {
          const { stdout, stderr } = await pool.spmi(...args)
          count('cases')
          expect([type, args, (stdout + stderr).includes(secret)]).toEqual([type, args, false])
        }
        const holders = listFiles(pool.folder).filter(
          path => statSync(path).isFile() && readOr(path).includes(secret),
        )
        const isInPool = (path: string) => path.startsWith(pool.path)
        expect(holders.filter(isInPool).length).toBeGreaterThan(0)
        for (const path of holders.filter(isInPool))
          expect([path, statSync(path).mode & 0o077]).toEqual([path, 0])
        await askManager(type, pool, secret)
      } finally {
        await pool.dispose()
      }
    }
  })

  /** What the process managers themselves show of a task. */
  async function askManager(type: string, pool: TestPool, secret: string): Promise<void> {
    const questions: Readonly<Record<string, readonly (readonly string[])[]>> = {
      tmux: [
        ['tmux', '-L', 'spmi', 'show-environment', '-g'],
        ['tmux', '-L', 'spmi', 'list-panes', '-a', '-F', '#{pane_start_command}'],
      ],
      systemd: [
        ['systemctl', '--user', 'show', '*'],
        ['systemctl', '--user', 'show-environment'],
      ],
    }
    for (const argv of questions[type] ?? []) {
      const { stdout } = await runProgram(argv, { environment: pool.environment })
      expect([argv, stdout.includes(secret)]).toEqual([argv, false])
    }
  }
})

describe('plug-ins', () => {
  test('no name leads out of the folder of plug-ins, and none is run that others could change', async () => {
    const pool = new TestPool()
    try {
      const canary = join(pool.folder, 'canary')
      const evil = `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(canary)}, '')\nexport {}\n`
      await pool.load('task', { command: 'true' })
      const plugins = join(pool.path, '.spmi/plugins')
      for (const place of [
        pool.folder,
        pool.path,
        join(pool.path, '.spmi'),
        join(pool.folder, '.spmi/plugins'),
      ]) {
        mkdirSync(place, { recursive: true })
        for (const name of ['evil-backend.mjs', 'evil-wrapper.mjs', 'evil-manageable.mjs'])
          writeFileSync(join(place, name), evil)
      }
      const types = [
        'evil',
        '../evil',
        '../../evil',
        `${pool.folder}/evil`,
        './evil',
        'evil/../evil',
        '__proto__',
        'constructor',
        'EVIL',
      ]
      for (const [index, type] of types.entries()) {
        const path = pool.write(
          `evil-${index}.json`,
          JSON.stringify({ task: { id: `e${index}`, backend: { type }, wrapper: { command: 'true' } } }),
        )
        count('cases')
        expect([type, (await pool.spmi('load', path)).status]).toEqual([type, 1])
      }
      const shared = join(pool.folder, 'shared')
      mkdirSync(shared)
      chmodSync(shared, 0o777)
      writeFileSync(join(shared, 'evil.mjs'), evil)
      symlinkSync(join(shared, 'evil.mjs'), join(plugins, 'evil-backend.mjs'))
      const { status, stderr } = await pool.spmi('load', 'evil-0.json')
      expect([status, stderr]).toEqual([1, expect.stringContaining('is not run: it leads to')])
      expect(existsSync(canary)).toBe(false)
      chmodSync(shared, 0o755) // a control: now it is run
      expect(await pool.spmi('load', 'evil-0.json')).toMatchObject({ status: 1 })
      await until(() => existsSync(canary))
    } finally {
      await pool.dispose()
    }
  })
})

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // gone, or a FIFO
  }
}
