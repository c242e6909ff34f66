import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram, TestPool, until } from '../support/spmi.ts'
import { describeContract } from './contract.ts'
import { SKIPS } from './skips.ts'

describeContract('screen', { skips: SKIPS.screen })

describe('screenrc files that would keep a session', () => {
  const pool = new TestPool('dist/spmi')
  afterAll(() => pool.dispose())

  test('are read neither for the first session of a start nor for the others', async () => {
    const rc = join(pool.folder, 'rc')
    writeFileSync(rc, 'zombie qr\nscreen -t other sleep 3000\n')
    const environment = { SCREENRC: rc, SYSSCREENRC: rc }
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    for (const id of ids) await pool.load(id, { type: 'default', command: 'true' }, { type: 'screen' })
    expect(await pool.spmiWith({ environment }, 'start', '.*')).toMatchObject({ status: 0 })
    const list = () => runProgram(['screen', '-ls'], { environment: pool.environment, cwd: pool.folder })
    await until(async () => (await list()).stdout.includes('No Sockets found'))
    expect((await pool.spmi('list', '--active')).stdout).not.toMatch(/^[a-h] /m)
  })
})
