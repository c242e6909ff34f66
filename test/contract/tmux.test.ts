import { describeContract } from './contract.ts'
import { SKIPS } from './skips.ts'

describeContract('tmux', { skips: SKIPS.tmux })
