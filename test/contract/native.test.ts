import { describeContract } from './contract.ts'
import { SKIPS } from './skips.ts'

describeContract('native', { skips: SKIPS.native })
