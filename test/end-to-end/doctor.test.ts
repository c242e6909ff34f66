/** doctor, as it is called: what it shows, what it changes (nothing), and its exit status. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, type Outcome, runProgram, TestPool } from '../support/spmi.ts'
import { LoginManager, UserManager } from '../support/systemd.ts'
import { needs } from '../unit/needs.ts'

const mayMount = UserManager.refuse() === undefined
const withMounts = needs('a mount namespace of our own', mayMount, 'privilege')

interface Finding {
  readonly level: string
  readonly topic: string
  readonly what: string
  readonly mend?: string
}
interface Part {
  readonly kind: string
  readonly name: string
  readonly users: number
  readonly needed: boolean
  readonly usable: boolean
  readonly findings: readonly Finding[]
}

function parse({ stdout }: Outcome) {
  const { parts, ...rest } = JSON.parse(stdout) as { version: number; ok: boolean; parts: Part[] }
  const find = (name: string) => parts.find(part => part.name === name || part.kind === name)
  return { ...rest, parts, find }
}

/** The programs that doctor may ask, without process managers. */
const PROGRAMS = ['sh', 'env', 'setsid', 'mkfifo', 'sleep', 'cat', 'date', 'grep', 'id', 'true', 'node']
const MANAGERS = ['screen', 'tmux', 'systemd-run', 'systemctl', 'loginctl', 'nsenter']

/** A folder of programs to be the whole PATH. */
function makeBin(
  pool: TestPool,
  name: string,
  scripts: Readonly<Record<string, string>> = {},
  programs: readonly string[] = [],
): string {
  const folder = join(pool.folder, name)
  mkdirSync(folder)
  for (const program of [...PROGRAMS, ...programs])
    symlinkSync(Bun.which(program) ?? '', join(folder, program))
  for (const [program, script] of Object.entries(scripts))
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`, { mode: 0o700 })
  return folder
}

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`doctor with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const user = mayMount ? new UserManager() : undefined
    const login = mayMount ? new LoginManager() : undefined
    beforeAll(async () => {
      await user?.start()
      await login?.start('KillUserProcesses=no', 'root')
      await pool.load('plain', { command: 'true' })
    })
    afterAll(async () => {
      await pool.dispose()
      await user?.stop()
      await login?.stop()
    })
    const doctor = (environment: NodeJS.ProcessEnv, ...args: string[]) =>
      pool.spmiWith({ environment }, 'doctor', ...args)

    const program = ARTIFACTS[artifact].map(word => `'${word}'`).join(' ')
    const tmpfs = (size: string) => `mount -t tmpfs -o ${size} tmpfs . && cd "$PWD" && mkdir -m 700 pool`
    /** Runs doctor where something is mounted, which no other process sees. */
    const runOn = (mount: string, options: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
      const folder = join(pool.folder, 'mounted')
      mkdirSync(folder, { recursive: true })
      const script = `cd "$1" && ${mount} && exec ${program} doctor ${options.join(' ')}`
      return runProgram(['unshare', '-m', 'sh', '-c', script, 'sh', folder], {
        environment: { ...pool.environment, ...environment, SPMI_PATH: join(folder, 'pool') },
      })
    }

    /** Paths of programs, versions and free space are those of the machine. */
    const mask = (text: string) =>
      text
        .replaceAll(pool.folder, 'FOLDER')
        .replaceAll(/^( +\w+ +(?:program|version|room|signals) +).*$/gm, '$1…')
        .replaceAll(/version \d.*$/gm, 'version …')
        .replaceAll(/mend: \w.*slurm-client"?$/gm, 'mend: …')
        .replaceAll(/tmux-\d+/g, 'tmux-UID')

    withMounts('shows what it found, as text', async () => {
      const descriptor = pool.write('shown.json', '{"task": {"id": "shown", "wrapper": {"command": "true"}}}')
      const mount = `${tmpfs('size=200m')} && ${program} load ${descriptor} 2>/dev/null`
      const PATH = `${login?.folder}:${makeBin(pool, 'all', {}, [...MANAGERS, 'unshare', 'mount', 'mkdir'])}`
      const outcome = await runOn(mount, [], { ...user?.environment, PATH })
      expect(outcome.stderr).toMatch(/ INFO\]\nAll that is needed can be used\n$/)
      expect(mask(outcome.stdout)).toBe(`warning pool FOLDER/mounted/pool (1 manageable)
    ok      folder         yours alone, format 1
    warning file system    tmpfs (tmpfs), in memory: a reboot empties the pool
                           mend: set $SPMI_PATH to a disk
    ok      files          are made once, renamed as a whole, and kept from others
    ok      room           …
    ok      clock          agrees with the pool's file system
ok      wrapper default (1 manageable)
    ok      shell          /bin/sh
    ok      programs       sleep, cat, date, grep
    ok      signals        …
    ok      input          FIFOs can be made
ok      wrapper terminal (0 manageables)
    ok      terminal       /usr/bin/script
ok      backend native (1 manageable)
    ok      logout         tasks outlive it: logind leaves them alone
ok      backend screen (0 manageables)
    ok      program        …
    ok      version        …
    ok      socket folder  FOLDER/screens
    ok      logout         tasks outlive it: logind leaves them alone
unused  backend slurm (0 manageables)
    problem program        …
                           mend: …
ok      backend systemd (0 manageables)
    ok      program        …
    ok      version        …
    ok      user manager   answers, version …
    ok      logout         tasks outlive it: the user lingers
ok      backend tmux (0 manageables)
    ok      program        …
    ok      version        …
    ok      socket folder  FOLDER/tmux-UID (made by the first session)
    ok      logout         tasks outlive it: logind leaves them alone
`)
      expect(outcome.status).toBe(0)
    })

    test('shows the same as JSON', async () => {
      const outcome = await doctor({ PATH: makeBin(pool, 'bare') }, '--json')
      const { version, ok, parts } = parse(outcome)
      expect([outcome.status, version, ok]).toEqual([0, 1, true])
      const masked = parts.map(part => ({
        ...part,
        findings: part.findings
          .filter(({ topic }) => topic !== 'file system') // one in memory would be warned of
          .map(finding =>
            ['room', 'signals'].includes(finding.topic) ? { ...finding, what: '…' } : finding,
          ),
      }))
      const missing = (program: string) => ({
        ...{ kind: 'backend', users: 0, needed: false, usable: false },
        findings: [
          {
            ...{ level: 'problem', topic: 'program', what: `${program} is not installed` },
            mend: expect.any(String),
          },
        ],
      })
      expect(masked).toEqual([
        {
          ...{ kind: 'pool', name: pool.path, users: 1, needed: true, usable: true },
          findings: [
            { level: 'ok', topic: 'folder', what: 'yours alone, format 1' },
            {
              ...{ level: 'ok', topic: 'files' },
              what: 'are made once, renamed as a whole, and kept from others',
            },
            { level: 'ok', topic: 'room', what: '…' },
            { level: 'ok', topic: 'clock', what: "agrees with the pool's file system" },
          ],
        },
        {
          ...{ kind: 'wrapper', name: 'default', users: 1, needed: true, usable: true },
          findings: [
            { level: 'ok', topic: 'shell', what: '/bin/sh' },
            { level: 'ok', topic: 'programs', what: 'sleep, cat, date, grep' },
            { level: 'ok', topic: 'signals', what: '…' },
            { level: 'ok', topic: 'input', what: 'FIFOs can be made' },
          ],
        },
        {
          ...{ kind: 'wrapper', name: 'terminal', users: 0, needed: false, usable: true },
          findings: [{ level: 'ok', topic: 'terminal', what: '/usr/bin/script' }],
        },
        {
          ...{ kind: 'backend', name: 'native', users: 1, needed: true, usable: true },
          findings: [
            {
              ...{ level: 'ok', topic: 'logout' },
              what: 'tasks outlive it: there is no logind that would end them',
            },
          ],
        },
        { name: 'screen', ...missing('screen') },
        { name: 'slurm', ...missing('sbatch') },
        { name: 'systemd', ...missing('systemd-run') },
        { name: 'tmux', ...missing('tmux') },
      ])
    })

    test('fails when a backend that a loaded task uses is missing, and not before', async () => {
      const PATH = makeBin(pool, 'without')
      expect(await doctor({ PATH })).toMatchObject({ status: 0 })
      await pool.load('needy', { command: 'true' }, { type: 'tmux' })
      const outcome = await doctor({ PATH })
      expect(outcome.status).toBe(1)
      expect(outcome.stdout).toMatch(
        /^problem backend tmux \(1 manageable\)\n {4}problem program +tmux is not installed\n +mend: \w/m,
      )
      expect(outcome.stdout).toMatch(/^unused {2}backend screen \(0 manageables\)\n/m)
      expect(outcome.stderr).toMatch(/ ERROR\]\nCannot be used: backend tmux \(1 manageable\)\n$/)
      const { ok, find } = parse(await doctor({ PATH }, '--json'))
      expect([ok, find('tmux'), find('screen')]).toMatchObject([
        false,
        { needed: true, usable: false, users: 1 },
        { needed: false, usable: false, users: 0 },
      ])
      expect(await pool.spmi('clean', 'needy')).toMatchObject({ status: 0 })
    })

    test('asks all at once, and none for long', async () => {
      const hang = { screen: 'sleep 60', tmux: 'sleep 60', loginctl: 'sleep 60', systemctl: 'sleep 60' }
      const PATH = makeBin(pool, 'hanging', { ...hang, 'systemd-run': 'true' })
      const begin = performance.now()
      const { find } = parse(await doctor({ PATH }, '--json'))
      expect(performance.now() - begin).toBeLessThan(9000) // each question has 5 s
      expect(find('screen')?.findings).toContainEqual(
        expect.objectContaining({ topic: 'socket folder', what: expect.stringContaining('in time') }),
      )
      expect(find('systemd')).toMatchObject({ usable: false })
      expect(find('native')).toMatchObject({ usable: true, findings: [{ level: 'warning' }] })
    })

    test('changes nothing', async () => {
      const before = readdirSync(pool.path)
      const screens = join(pool.folder, 'screens-of-nobody')
      await doctor({ SCREENDIR: screens })
      await doctor({ SPMI_PATH: join(pool.folder, 'absent') })
      expect(readdirSync(pool.path)).toEqual(before)
      const made = readdirSync(pool.folder).filter(name => /^(tmux-|absent$)/.test(name))
      expect([made, existsSync(screens)]).toEqual([[], false])
    })

    test('says of a pool that is not there yet what it can', async () => {
      const outcome = await doctor({ SPMI_PATH: join(pool.folder, 'absent') }, '--json')
      expect(outcome.status).toBe(0)
      expect(parse(outcome).find('pool')).toMatchObject({ users: 0, usable: true })
      const lost = await doctor({ SPMI_PATH: join(pool.folder, 'absent/pool') })
      expect(lost.status).toBe(1)
      expect(lost.stdout).toContain(`mend: mkdir -p "${pool.folder}/absent"\n`)
    })

    test('examines the rest when the pool is open to others, and runs no plug-in of it', async () => {
      const open = new TestPool(artifact)
      await open.load('plain', { command: 'true' })
      chmodSync(open.path, 0o770)
      const outcome = await open.spmi('doctor', '--json')
      const { ok, find, parts } = parse(outcome)
      expect([outcome.status, ok]).toEqual([1, false])
      expect(find('pool')?.findings).toEqual([
        {
          level: 'problem',
          topic: 'folder',
          what: `the pool "${open.path}" is open to other users`,
          mend: `chmod 700 "${open.path}" closes it`,
        },
      ])
      expect(find('native')).toMatchObject({ usable: true, users: 0 })
      expect(parts.length).toBeGreaterThan(4)
      chmodSync(open.path, 0o700)
      await open.dispose()
    })

    test('tells of damaged manageables, and of what is not of this SPMI', async () => {
      const broken = new TestPool(artifact)
      await broken.load('torn', { command: 'true' })
      writeFileSync(join(broken.path, 'torn/manageable.json'), '{')
      mkdirSync(join(broken.path, 'foreign'))
      const outcome = await broken.spmi('doctor')
      expect(outcome.status).toBe(1)
      expect(outcome.stdout).toMatch(/ problem manageable +manageable "torn" is damaged: .*\n +mend: /)
      expect(outcome.stdout).toMatch(/ warning foreign folder +"foreign" is not of this SPMI/)
      await broken.dispose()
    })

    test('asks plug-ins that a loaded task uses', async () => {
      const plugins = join(pool.path, '.spmi/plugins')
      const backend = (name: string, diagnose: string) =>
        `import { Backend } from 'spmi'\nexport class ${name}Backend extends Backend {\n  ${diagnose}\n}\n`
      const diagnose = `async diagnose(uses) {
        return [{ level: 'problem', topic: 'licence', what: 'no licence for ' + uses.length, mend: 'buy one' }]
      }`
      writeFileSync(join(plugins, 'costly-backend.mjs'), backend('Costly', diagnose))
      writeFileSync(join(plugins, 'silent-backend.mjs'), backend('Silent', ''))
      writeFileSync(join(plugins, 'idle-backend.mjs'), 'throw new Error("imported")')
      await pool.load('costly', { command: 'true' }, { type: 'costly' })
      await pool.load('silent', { command: 'true' }, { type: 'silent' })
      const outcome = await doctor({}, '--json')
      const { find } = parse(outcome)
      expect(outcome.status).toBe(1)
      expect(find('costly')).toEqual({
        ...{ kind: 'backend', name: 'costly', users: 1, needed: true, usable: false },
        findings: [{ level: 'problem', topic: 'licence', what: 'no licence for 1', mend: 'buy one' }],
      })
      expect(find('silent')).toMatchObject({ usable: true, findings: [] })
      expect(find('idle')).toBeUndefined()
      rmSync(join(plugins, 'costly-backend.mjs'))
      expect((await doctor({})).stdout).toMatch(
        /problem manageable +manageable "costly": unknown backend type/,
      )
      await doctor({})
      for (const id of ['costly', 'silent']) rmSync(join(pool.path, id), { recursive: true })
    })

    test('shows signs on a terminal that has them', async () => {
      const environment = { ...pool.environment, LC_ALL: 'C.UTF-8', TERM: 'xterm', NO_COLOR: '' }
      const show = (more: NodeJS.ProcessEnv) =>
        runProgram(['script', '-qefc', `${program} doctor`, '/dev/null'], {
          environment: { ...environment, ...more },
        })
      expect((await show({})).stdout).toMatch(/^\x1b\[32m✓\x1b\[0m pool /)
      expect((await show({ NO_COLOR: '1' })).stdout).toMatch(/^✓ pool /)
      expect((await show({ NO_COLOR: '1', LC_ALL: 'C' })).stdout).toMatch(/^ok +pool /)
    })

    test('takes no operand, and no other option', async () => {
      expect(await doctor({}, 'x')).toMatchObject({ status: 2 })
      expect((await doctor({}, '--jsn')).stderr).toContain('did you mean "--json"?')
    })

    describe('on other file systems', () => {
      const doctorOn = async (mount: string) => {
        const outcome = await runOn(mount, ['--json'])
        const { find } = parse(outcome)
        return {
          status: outcome.status,
          pool: find('pool')?.findings ?? [],
          wrapper: find('default')?.findings,
        }
      }

      withMounts('a file system in memory is named, and warned of', async () => {
        const { status, pool } = await doctorOn(tmpfs('size=200m'))
        expect(status).toBe(0)
        expect(pool).toContainEqual({
          ...{ level: 'warning', topic: 'file system' },
          what: 'tmpfs (tmpfs), in memory: a reboot empties the pool',
          mend: 'set $SPMI_PATH to a disk',
        })
      })

      withMounts('one that is nearly full is warned of, one that is full is a problem', async () => {
        expect((await doctorOn(tmpfs('size=32m'))).pool).toContainEqual(
          expect.objectContaining({
            level: 'warning',
            topic: 'room',
            what: expect.stringMatching(/^3\d.\d MiB/),
          }),
        )
        const inodes = await doctorOn(tmpfs('size=200m,nr_inodes=21'))
        expect([inodes.status, inodes.pool]).toEqual([
          1,
          expect.arrayContaining([expect.objectContaining({ level: 'problem', topic: 'room' })]),
        ])
        const full = await doctorOn(`${tmpfs('size=1m')} && { cat /dev/zero >zero 2>/dev/null || :; }`)
        expect([full.status, full.pool]).toEqual([
          1,
          expect.arrayContaining([
            expect.objectContaining({
              level: 'problem',
              topic: 'files',
              what: expect.stringContaining('ENOSPC'),
            }),
          ]),
        ])
      })

      withMounts(
        'one that cannot be written to is a problem, also for a pool that is to be made',
        async () => {
          const readOnly = 'mount -o remount,ro .'
          const there = await doctorOn(`${tmpfs('size=200m')} && ${readOnly}`)
          expect(there.status).toBe(1)
          expect(there.pool).toContainEqual(
            expect.objectContaining({
              level: 'problem',
              topic: 'files',
              what: expect.stringContaining('EROFS'),
            }),
          )
          const absent = await doctorOn(`${tmpfs('size=200m')} && rmdir pool && ${readOnly}`)
          expect(absent.pool[0]).toMatchObject({ level: 'problem', mend: 'set $SPMI_PATH' })
        },
      )

      needs(
        'FUSE',
        mayMount && existsSync('/dev/fuse'),
        'privilege',
      )('one whose server does not answer is given up after 5 s, and the rest is examined', async () => {
        const mount = 'mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none .'
        const hung = await doctorOn(`exec 3<>/dev/fuse && ${mount}`)
        expect(hung.status).toBe(1)
        expect(hung.pool).toEqual([
          { level: 'problem', topic: 'folder', what: 'its file system does not answer within 5 s' },
        ])
        expect(hung.wrapper?.map(({ topic }) => topic)).toEqual(['shell', 'programs', 'signals'])
      })
    })
  })
