import { afterAll, beforeAll, describe, test } from 'bun:test'
import { SlurmCluster } from '../support/slurm.ts'
import { describeContract } from './contract.ts'
import { SKIPS } from './skips.ts'

/** What Slurm gives to each job. */
const provided = /^(SLURM|ENVIRONMENT$|HOSTNAME$|TMPDIR$)/

const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()

if (refusal !== undefined) test.skip(`the contract of slurm: ${refusal}`, () => {})
else {
  describe('slurm', () => {
    const cluster = new SlurmCluster()
    beforeAll(() => cluster.start())
    afterAll(() => cluster.stop())
    describeContract('slurm', { skips: SKIPS.slurm, provided, environment: cluster.environment })
  })
  describe('slurm on another host', () => {
    const cluster = new SlurmCluster(['host=node9'])
    beforeAll(() => cluster.start())
    afterAll(() => cluster.stop())
    describeContract(
      'slurm',
      { skips: SKIPS['slurm on another host'], provided, environment: cluster.environment },
      ' on another host',
    )
  })
}
