import { describeContract } from './contract.ts'
import { SKIPS } from './skips.ts'

describeContract('screen', { skips: SKIPS.screen })
