import { afterAll, beforeAll, test } from 'bun:test'
import { UserManager } from '../support/systemd.ts'
import { describeContract } from './contract.ts'
import { SKIPS } from './skips.ts'

const refusal = process.env.SPMI_TEST_STRICT ? undefined : UserManager.refuse()

if (refusal !== undefined) test.skip(`the contract of systemd: ${refusal}`, () => {})
else {
  const manager = new UserManager()
  beforeAll(() => manager.start())
  afterAll(() => manager.stop())
  const endManager = async () => {
    await manager.end()
    await manager.start()
  }
  describeContract('systemd', { skips: SKIPS.systemd, environment: manager.environment, endManager })
}
