/** What becomes of tasks when the systemd manager that runs them is executed again, or vanishes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { newMark } from '../contract/contract.ts'
import { findByArgument } from '../support/processes.ts'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'
import { UserManager } from '../support/systemd.ts'

const refusal = process.env.SPMI_TEST_STRICT ? undefined : UserManager.refuse()

if (refusal !== undefined) test.skip(`managers of systemd that end: ${refusal}`, () => {})
else
  for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
    describe(`the manager of systemd with ${artifact}`, () => {
      const manager = new UserManager()
      const pool = new TestPool(artifact, manager.environment)
      beforeAll(() => manager.start())
      afterEach(async () => {
        await pool.spmi('kill', '.*')
        await pool.spmi('clean', '.*')
      })
      afterAll(async () => {
        await pool.dispose()
        await manager.stop()
      })

      const isActive = async () => (await pool.spmi('status', 'task')).stdout.includes('Active: active since')
      const startTask = async () => {
        const mark = newMark()
        await pool.load('task', { command: `exec sleep ${mark}` }, { type: 'systemd' })
        expect(await pool.spmi('start', 'task')).toMatchObject({ status: 0 })
        await until(() => findByArgument(mark).length === 1)
        return mark
      }

      test('that is executed again knows its tasks', async () => {
        const mark = await startTask()
        await manager.control('daemon-reexec')
        await until(() => isActive())
        expect(await manager.control('list-units', '--plain', '--no-legend', 'spmi-*')).toContain(
          'spmi-task-',
        )
        expect(await pool.spmi('stop', 'task')).toMatchObject({ status: 0 })
        expect(findByArgument(mark)).toEqual([])
      })

      test('that was killed leaves its tasks, which are active and can be stopped, and a new one starts others', async () => {
        const mark = await startTask()
        await manager.crash()
        expect(await isActive()).toBe(true)
        const again = await pool.spmi('start', 'task')
        expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('it is active')])
        await manager.start()
        expect(await isActive()).toBe(true)
        expect(findByArgument(mark)).toHaveLength(1)
        expect(await pool.spmi('stop', 'task')).toMatchObject({ status: 0 })
        expect(findByArgument(mark)).toEqual([])
        expect(await pool.spmi('start', 'task')).toMatchObject({ status: 0 })
        expect(await isActive()).toBe(true)
      })

      test('that is away refuses starts with what to do, and nothing runs', async () => {
        await pool.load('task', { command: 'true' }, { type: 'systemd' })
        await manager.crash()
        const { status, stderr } = await pool.spmi('start', 'task')
        await manager.start()
        expect(status).toBe(1)
        expect(stderr).toMatch(/Failed to connect to bus: .*no manager answers: .*loginctl enable-linger/)
        expect((await pool.spmi('list')).stdout).toMatch(/^task +inactive/m)
      })
    })
