import { describe, expect, test } from 'bun:test'
import { fill, toShell } from '../../../../../src/manageables/task/backends/lanes.ts'
import { exec } from '../../../../../src/system/exec.ts'

describe('a template', () => {
  test('is for a shell what it is for one job', async () => {
    const template = ['printf', '%s\\0', '--unit=$1', 'a=b', '', '$2', '$1$2', "it's {x} *"]
    const job = { name: 'spmi-a-1', script: '/a b/$HOME $1 \\ "x" `id`\n/run.sh' }
    const [program = '', ...words] = fill(template, job)
    expect(program).toBe('printf')
    const argv = ['/bin/sh', '-c', toShell(template), 'spmi', job.name, job.script]
    const { stdout } = await exec(argv, { environment: { PATH: '/usr/bin:/bin' }, timeout: 5000 })
    expect(stdout.split('\0').slice(0, -1)).toEqual(words.slice(1))
  })
})
