/**
 * What which backend cannot promise, and why: the source of the table in docs/guide/backends.md, where whoever chooses a
 * backend reads it. A promise that is not named here is kept, and shown to be kept.
 */
import {
  HAS_A_SESSION,
  HAS_OTHER_INPUTS,
  HAS_TWO_OUTPUTS,
  KEEPS_A_CLAIM,
  MANAGER_ENDS,
  NAMES_WHAT_IS_LEFT,
  type Skips,
  SURVIVES_ITS_WRAPPER,
  TAKES_INPUT,
} from './contract.ts'
import { HALTS_FORKS, REACHES_ALL } from './signalling.ts'

const SLURM: Skips = {
  [MANAGER_ENDS]: 'jobs outlive the daemons of Slurm',
  [KEEPS_A_CLAIM]: 'Slurm itself knows whether the job runs',
  [HALTS_FORKS]: 'Slurm suspends the job, in one pass where it has no control groups',
}

const NATIVE: Skips = { [MANAGER_ENDS]: 'there is no manager whose end a task could feel' }

const ONE_STREAM = 'a terminal is one input and one output'

/** By what runs the tasks, in the order of the table's columns. */
export const SKIPS = {
  native: NATIVE,
  'native with a terminal': { ...NATIVE, [HAS_TWO_OUTPUTS]: ONE_STREAM, [HAS_OTHER_INPUTS]: ONE_STREAM },
  screen: {},
  tmux: {},
  systemd: {},
  slurm: SLURM,
  'slurm on another host': {
    ...SLURM,
    [NAMES_WHAT_IS_LEFT]: 'the processes cannot be seen from here; the message names the host',
    [REACHES_ALL]: "only the command's group can be reached there; the message says so",
    [HAS_A_SESSION]: 'the pids are those of another host',
    [SURVIVES_ITS_WRAPPER]: 'when the wrapper ends, the job ends, and Slurm kills what is left there',
    [TAKES_INPUT]: 'a FIFO does not reach another host; the message says how to get there',
  },
} as const satisfies Readonly<Record<string, Skips>>
