/** The options of the commands that have more than those of every answer: parsing, types and help follow from them. */
import {
  ANSWER_OPTIONS,
  QUIET_OPTION,
  readAssignment,
  readCount,
  readDuration,
  readLines,
  readTime,
} from './options.ts'

const SORT_KEYS = ['id', 'state', 'since', 'duration', 'exit', 'backend', 'pid', 'cpu', 'memory'] as const

/** The options of list. */
export const LIST_OPTIONS = {
  long: { short: 'l', summary: 'Show since when, exit code, backend, processor, memory, last line' },
  active: { summary: 'Show the active ones' },
  inactive: { summary: 'Show the inactive ones' },
  failed: { summary: 'Show those whose last run failed' },
  lost: { summary: 'Show those whose last run is lost' },
  backend: { value: 'TYPE', isRepeated: true, summary: 'Show those of this backend' },
  sort: {
    value: 'KEY',
    words: SORT_KEYS,
    summary: `Sort by one of ${SORT_KEYS.join(', ')}`,
  },
  reverse: { short: 'r', summary: 'Sort the other way round' },
  ...ANSWER_OPTIONS,
} as const

/** What a start may be told. */
export const CHOICE_OPTIONS = {
  backend: { value: 'TYPE', summary: "Use this backend instead of the descriptor's, for this run" },
  set: {
    value: 'KEY=VALUE',
    isRepeated: true,
    read: readAssignment,
    summary: 'Give the backend this key, for this run',
  },
  ...ANSWER_OPTIONS,
} as const

/** The options of start. */
export const START_OPTIONS = {
  ...CHOICE_OPTIONS,
  'dry-run': { summary: 'Show the scripts and how they would be started, and start nothing' },
} as const

/** The options of signal. */
export const SIGNAL_OPTIONS = {
  all: { summary: "Send it to every process of the run, not to the command's process group alone" },
  ...ANSWER_OPTIONS,
} as const

/** The options of show. */
export const SHOW_OPTIONS = {
  descriptor: { summary: 'Print the descriptor alone' },
  script: { summary: 'Print the script of the last run alone' },
  environment: { summary: 'Print the environment of the last run alone' },
  reveal: { summary: 'Show values that may be secret' },
  ...ANSWER_OPTIONS,
} as const

/** The options of run. */
export const RUN_OPTIONS = {
  id: { value: 'ID', summary: "The ID. Default: the program's name and a number" },
  comment: { value: 'TEXT', summary: 'The comment' },
  backend: { value: 'TYPE', summary: 'Use this backend' },
  set: { value: 'KEY=VALUE', isRepeated: true, read: readAssignment, summary: 'Give the backend this key' },
  env: {
    value: 'NAME=VALUE',
    isRepeated: true,
    read: readAssignment,
    summary: 'Add a variable to the environment',
  },
  cwd: { value: 'FOLDER', summary: 'Run it there. Default: the current folder' },
  foreground: { summary: 'Show its output, and exit with its status' },
  rm: { summary: 'Clean it when it has ended with status 0' },
  print: { summary: 'Show its descriptor, and run nothing' },
  ...ANSWER_OPTIONS,
} as const

/** The options of new. */
export const NEW_OPTIONS = {
  backend: { value: 'TYPE', summary: 'With the keys of this backend' },
  ...ANSWER_OPTIONS,
} as const

/** The options of wait. */
export const WAIT_OPTIONS = {
  any: { summary: 'Wait until one of them is inactive, instead of all' },
  timeout: {
    value: 'DURATION',
    read: readDuration,
    summary: 'Give up after seconds, or a time such as 1h30m',
  },
  ...ANSWER_OPTIONS,
} as const

/** The options of logs. */
export const LOGS_OPTIONS = {
  follow: { short: 'f', summary: 'Go on with what comes, also of later runs, until ^C' },
  lines: {
    short: 'n',
    value: 'N',
    read: readLines,
    summary: 'Begin with the last N lines of each output, or "all" (default: all, with --follow 10)',
  },
  stdout: { summary: 'Show stdout alone' },
  stderr: { summary: 'Show stderr alone' },
  run: { value: 'N', read: readCount, summary: 'Show this run instead of the last one' },
  since: {
    value: 'TIME',
    read: readTime,
    summary: 'Show the runs that began since then, or so long ago (1h30m)',
  },
  timestamps: { short: 't', summary: 'Show when lines came' },
  ...QUIET_OPTION,
} as const

/** The options of prune. */
export const PRUNE_OPTIONS = {
  keep: { value: 'N', read: readCount, summary: 'Keep so many runs, whatever the descriptor says' },
  ...ANSWER_OPTIONS,
} as const
