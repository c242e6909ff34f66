import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { NativeBackend } from '../../../../../src/manageables/task/backends/native.ts'
import { thisProcess } from '../../../../../src/system/process.ts'
import { until } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'

const folder = useFolder()
const backend = new NativeBackend('native', { PATH: process.env.PATH ?? '' })
const job = (script: string, name = 'spmi-a') => ({ name, script, options: {} })

describe('NativeBackend', () => {
  test('runs each script once, whatever its path looks like', async () => {
    const scripts = ['plain', 'with space', "it's", '$(touch x)', '-n', 'a\nb'].map(name =>
      folder.write(`${name}.sh`, `echo >>"${folder.join('ran')}"`),
    )
    expect(await backend.submit(scripts.map(script => job(script)))).toEqual(
      scripts.map(() => ({ accepted: true })),
    )
    await until(() => readFileSync(folder.join('ran'), 'utf8').length === scripts.length)
  })

  test('launches more scripts than one argv gets', async () => {
    const script = folder.write('run.sh', `printf x >>"${folder.join('ran')}"`)
    const jobs = Array.from({ length: 502 }, () => job(script))
    expect(await backend.submit(jobs)).toHaveLength(502)
    await until(() => statSync(folder.join('ran')).size === 502)
  })

  test('returns when every script has let go of its output, not when it has ended', async () => {
    spawnSync('mkfifo', [folder.join('go')])
    const script = folder.write(
      'run.sh',
      `exec >/dev/null 2>&1; read -r _ <"${folder.join('go')}"; echo >"${folder.join('ended')}"`,
    )
    await backend.submit([job(script)])
    expect(statSync(folder.join('ended'), { throwIfNoEntry: false })).toBeUndefined()
    spawnSync('sh', ['-c', 'echo >"$1"', 'sh', folder.join('go')])
    await until(() => statSync(folder.join('ended'), { throwIfNoEntry: false }) !== undefined)
  })

  test('gives the scripts this environment, a session of their own, and no file descriptor of ours', async () => {
    const script = folder.write(
      'run.sh',
      `{ echo "$A"; cut -d' ' -f6 </proc/$$/stat; ls /proc/$$/fd | tr '\\n' ' '; } >"${folder.join('new')}"
       mv "${folder.join('new')}" "${folder.join('out')}"`,
    )
    await new NativeBackend('native', { A: 'b', PATH: process.env.PATH ?? '' }).submit([job(script)])
    await until(() => statSync(folder.join('out'), { throwIfNoEntry: false }) !== undefined)
    const [variable, session, descriptors] = readFileSync(folder.join('out'), 'utf8').split('\n')
    expect(variable).toBe('b')
    expect(session).not.toBe(
      readFileSync('/proc/self/stat', 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[3] as string,
    )
    expect(
      descriptors
        ?.trim()
        .split(' ')
        .map(Number)
        .filter(fd => fd > 2 && fd < 10),
    ).toEqual([])
  })

  test('knows a wrapper that is yet to come by the script that its shell is given', async () => {
    const script = folder.write('slow.sh', 'sleep 60\n')
    const late = Bun.spawn(['/bin/sh', script])
    const editor = Bun.spawn(['tail', '-f', `${script}.other`, script], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    const query = async (path: string) => (await backend.query([{ name: 'x', script: path, options: {} }]))[0]
    try {
      expect(await query(script)).toEqual({ state: 'alive' })
      expect(await query(`${script}.other`)).toEqual({ state: 'gone' })
    } finally {
      for (const child of [late, editor]) {
        child.kill('SIGKILL')
        await child.exited
      }
    }
    expect(await query(script)).toEqual({ state: 'gone' })
  })

  test("shows the wrapper's pid as the backend's id", () => {
    expect(backend.idOf({ name: 'x', script: '', options: {}, wrapper: thisProcess() })).toBe(
      String(process.pid),
    )
    expect(backend.idOf({ name: 'x', script: '', options: {} })).toBeUndefined()
  })
})
