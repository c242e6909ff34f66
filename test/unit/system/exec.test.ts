import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync } from 'node:fs'
import { type ExecCall, exec, execWatchers, explainFailure, findProgram } from '../../../src/system/exec.ts'
import { useFolder } from '../folder.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()
const environment = { PATH: process.env.PATH ?? '' }

const sh = (script: string, ...words: readonly string[]) =>
  exec(['sh', '-c', script, 'sh', ...words], { environment, timeout: 10_000 })

describe('exec', () => {
  test('gives status and both outputs of a finished program', async () => {
    expect(await sh('echo out; echo err >&2; exit 3')).toEqual({
      status: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
    })
  })

  test('passes words on as they are', async () => {
    expect((await sh('printf "%s|" "$@"', '$(id)', "it's", '', '*')).stdout).toBe("$(id)|it's||*|")
  })

  test('a program that is not there is an error that names it', async () => {
    const { code, message } = await refusal(() => exec(['/no/such/program'], { environment, timeout: 1000 }))
    expect([code, message.startsWith('cannot run /no/such/program: ')]).toEqual(['system', true])
    expect((await refusal(() => exec(['no-such-program'], { environment, timeout: 1000 }))).code).toBe(
      'system',
    )
  })

  test('gives the program this environment and no other, the root as its folder, and no input', async () => {
    const { stdout } = await exec(['/bin/sh', '-c', 'pwd; cat; /usr/bin/env | grep -c ""; echo "$A"'], {
      environment: { A: 'b', PATH: '/usr/bin:/bin' },
      timeout: 10_000,
    })
    expect(stdout).toMatch(/^\/\n[3-5]\nb\n$/)
  })

  test('gives it the input that it is told to, and does not mind when it is not read', async () => {
    const input = 'x'.repeat(1 << 20)
    expect((await exec(['wc', '-c'], { environment, timeout: 10_000, input })).stdout.trim()).toBe(
      String(1 << 20),
    )
    expect((await exec(['true'], { environment, timeout: 10_000, input })).status).toBe(0)
  })

  test('keeps letters whole that come in two pieces', async () => {
    const { stdout } = await sh(
      `i=0; while [ $i -lt 3000 ]; do printf 'x\\303\\244\\342\\202\\254'; i=$((i + 1)); done`,
    )
    expect(stdout).toBe('xä€'.repeat(3000))
  })

  test('kills a program at its deadline, and says so', async () => {
    const begin = performance.now()
    const result = await exec(['sleep', '60'], { environment, timeout: 100 })
    expect([result.timedOut, result.status]).toEqual([true, null])
    expect(performance.now() - begin).toBeLessThan(5000)
  })

  test('does not hang at its deadline when a grandchild holds the pipes', async () => {
    const pid = folder.join('pid')
    const begin = performance.now()
    const result = await exec(['sh', '-c', `sleep 60 & echo $! >${pid}; echo out; wait`], {
      environment,
      timeout: 300,
      detached: true,
    })
    expect([result.timedOut, result.stdout]).toEqual([true, 'out\n'])
    expect(performance.now() - begin).toBeLessThan(5000)
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL')
  })

  test('waits for a grandchild that holds the pipes until the deadline: what it prints may still count', async () => {
    const { stdout, status } = await sh(
      '{ until [ -e "$1" ]; do :; done; echo late; } & : >"$1"',
      folder.join('go'),
    )
    expect([stdout, status]).toEqual(['late\n', 0])
  })

  test('detached, the program has a session of its own', async () => {
    const { stdout } = await exec(['sh', '-c', 'cut -d" " -f6 /proc/$$/stat; echo $$'], {
      environment,
      timeout: 10_000,
      detached: true,
    })
    const [session, pid] = stdout.split('\n')
    expect(session).toBe(pid as string)
  })

  describe('watchers', () => {
    afterEach(() => execWatchers.clear())

    test('are told of each program that was run', async () => {
      const calls: ExecCall[] = []
      execWatchers.add(call => calls.push(call))
      await sh('exit 7')
      expect(calls).toEqual([
        { argv: ['sh', '-c', 'exit 7', 'sh'], status: 7, milliseconds: expect.any(Number) },
      ])
    })
  })
})

describe('findProgram', () => {
  test('finds the first one that may be run, in the order of the directories', () => {
    mkdirSync(folder.join('a'))
    mkdirSync(folder.join('b'))
    folder.write('a/tool', '', 0o600)
    folder.write('b/tool', '', 0o700)
    const path = `${folder.join('a')}:${folder.join('b')}`
    expect(findProgram('tool', path)).toBe(folder.join('b/tool'))
    expect(findProgram('other', path)).toBeUndefined()
  })

  test('passes over directories that are not absolute', () => {
    expect(findProgram('sh', '.::bin')).toBeUndefined()
    expect(findProgram('sh', '')).toBeUndefined()
  })
})

describe('explainFailure', () => {
  const result = { status: 1, stdout: '', stderr: '', timedOut: false }

  test("says a program's own words on one line", () => {
    expect(explainFailure('tool', { ...result, stderr: ' no such\n  queue \n', stdout: 'x' })).toBe(
      'no such | queue',
    )
    expect(explainFailure('tool', { ...result, stdout: 'said on stdout\n' })).toBe('said on stdout')
  })

  test('says what is known when it said nothing', () => {
    expect(explainFailure('tool', result)).toBe('tool ended with status 1')
    expect(explainFailure('tool', { ...result, timedOut: true, stderr: 'x' })).toBe(
      'tool did not answer in time',
    )
  })
})
