import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Backend, BackendJob } from '../../../../../src/manageables/task/backends/backend.ts'
import { NativeBackend } from '../../../../../src/manageables/task/backends/native.ts'
import { ScreenBackend } from '../../../../../src/manageables/task/backends/screen.ts'
import { SlurmBackend } from '../../../../../src/manageables/task/backends/slurm.ts'
import { SystemdBackend } from '../../../../../src/manageables/task/backends/systemd.ts'
import { TmuxBackend } from '../../../../../src/manageables/task/backends/tmux.ts'
import { type ExecCall, execWatchers } from '../../../../../src/system/exec.ts'
import { useFolder } from '../../../folder.ts'

const folder = useFolder()

/** A job whose script has a path that a shell, systemd and tmux would each take for something else. */
function makeJob(options = {}): BackendJob {
  const script = folder.join(`it's $HOME "a b" %n \\ ü/runs/1/run;`)
  mkdirSync(dirname(script), { recursive: true })
  return { name: 'spmi-a-0123456789ab', script, options }
}

/** Puts a program first in PATH that records its argv and its directory. */
function recorded(program: string): () => { argv: string[]; directory: string } {
  folder.write(
    program,
    `#!/bin/sh\nprintf '%s\\0' "$PWD" ${program} "$@" >'${folder.join('call')}'\necho 1\n`,
    0o700,
  )
  return () => {
    const [directory = '', ...argv] = readFileSync(folder.join('call'), 'utf8').split('\0').slice(0, -1)
    return { argv, directory }
  }
}

const environment = () => ({ PATH: `${folder.path}:/usr/bin:/bin`, LANG: 'C.UTF-8', HOME: folder.path })

describe('what a backend says that it runs for a job is what it runs', () => {
  const programs: Readonly<
    Record<string, readonly [program: string, make: () => Backend, options?: object]>
  > = {
    screen: ['screen', () => new ScreenBackend('screen', environment())],
    tmux: ['tmux', () => new TmuxBackend('tmux', environment())],
    systemd: ['systemd-run', () => new SystemdBackend('systemd', environment())],
    'systemd of the system': [
      'systemd-run',
      () => new SystemdBackend('systemd', environment()),
      { manager: 'system' },
    ],
    slurm: ['sbatch', () => new SlurmBackend('slurm', environment()), { setup: [], options: [] }],
  }
  for (const [name, [program, make, options]] of Object.entries(programs))
    test(name, async () => {
      const readCall = recorded(program)
      const job = makeJob(options)
      const [backend, launch] = [make(), make().launchOf(job)]
      expect(await backend.submit([job])).toMatchObject([{ accepted: true }])
      const call = readCall()
      expect(call.argv).toEqual([...(launch?.argv ?? [])])
      expect(call.directory).toBe(launch?.directory ?? '/')
      expect(call.argv.join(' ')).toContain('run')
    })

  test('native', async () => {
    const job = makeJob()
    const backend = new NativeBackend('native', environment())
    const calls: ExecCall[] = []
    const watch = (call: ExecCall) => calls.push(call)
    execWatchers.add(watch)
    await backend.submit([job])
    execWatchers.delete(watch)
    expect(calls.map(({ argv }) => argv)).toEqual([[...backend.launchOf(job).argv]])
  })
})
