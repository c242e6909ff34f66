import { expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { runProgram } from '../../support/spmi.ts'

const MODULE = resolve(import.meta.dir, '../../../src/system/limits.ts')

/** What a program reads that a shell with some limits calls, or whose place it takes. */
async function readUnder(limits: string, end = '; :'): Promise<Record<string, string>> {
  const program = `import { readSoftLimits } from '${MODULE}'; console.log(JSON.stringify(readSoftLimits()))`
  const script = `${limits}; '${process.execPath}' -e "$1"${end}`
  const { stdout, stderr } = await runProgram(['sh', '-c', script, 'sh', program])
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}

test('limits are told in the units of ulimit', async () => {
  const limits = await readUnder('ulimit -S -c 8; ulimit -S -s 4096; ulimit -S -t 5000; ulimit -S -f 200000')
  expect(limits).toMatchObject({ c: '8', s: '4096', t: '5000', f: '200000' })
  const [shell = ''] = (await runProgram(['sh', '-c', 'ulimit -S -l'])).stdout.split('\n')
  expect(limits.l).toBe(shell)
})

test('the limit of open files is that of the caller, not the one to which the runtime raises it', async () => {
  expect((await readUnder('ulimit -S -n 300')).n).toBe('300')
  expect((await readUnder('ulimit -S -n 301')).n).toBe('301')
})

test('where the caller may have another number of files than we, its own is of no use', async () => {
  const script = '(ulimit -n 400'
  expect((await readUnder(script, ')')).n).toBe('400')
})

test('no limit is "unlimited"', async () => {
  const [shell = ''] = (await runProgram(['sh', '-c', 'ulimit -S -t'])).stdout.split('\n')
  expect((await readUnder(':')).t).toBe(shell)
})
