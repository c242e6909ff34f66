/** THE TABLE: one row per command, in the order in which the help shows them. */

import { type CommandRow, withOptions } from './command.ts'
import {
  CHOICE_OPTIONS,
  LIST_OPTIONS,
  LOGS_OPTIONS,
  NEW_OPTIONS,
  PRUNE_OPTIONS,
  RUN_OPTIONS,
  SHOW_OPTIONS,
  SIGNAL_OPTIONS,
  START_OPTIONS,
  WAIT_OPTIONS,
} from './command-options.ts'
import { runList } from './commands/list.ts'
import { ANSWER_OPTIONS, QUIET_OPTION } from './options.ts'
import { runVerb } from './report.ts'

const PATTERNS = { name: '<patterns>', isRepeated: true } as const
const ID = { name: '<id>', isRepeated: false } as const
const PATHS = { name: '<pathes>', isRepeated: true } as const

// A command is imported when it is used. What all commands need, and `list`, comes with the program: in the executable each
// piece that is loaded on its own costs a fifth of a millisecond.
export const COMMANDS: readonly CommandRow[] = [
  withOptions({
    name: 'list',
    operand: { ...PATTERNS, isOptional: true },
    options: LIST_OPTIONS,
    summary: 'List all manageables',
    run: runList,
  }),
  {
    name: 'load',
    operand: PATHS,
    options: ANSWER_OPTIONS,
    summary: 'Load descriptors, all or none',
    run: async session => (await import('./commands/load.ts')).runLoad(session),
  },
  withOptions({
    name: 'start',
    operand: PATTERNS,
    options: START_OPTIONS,
    summary: 'Start manageables',
    run: async session => (await import('./commands/start.ts')).runStart(session),
  }),
  {
    name: 'stop',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'Ask manageables to end, and wait for it',
    run: async session =>
      runVerb(session, (await import('../verbs/stop.ts')).stop, ['stop', 'Stopping', 'Stopped']),
  },
  {
    name: 'kill',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'End manageables by force',
    run: async session =>
      runVerb(session, (await import('../verbs/kill.ts')).kill, ['kill', 'Killing', 'Killed']),
  },
  {
    name: 'clean',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'Remove manageables with their output',
    run: async session =>
      runVerb(session, (await import('../verbs/clean.ts')).clean, ['clean', 'Cleaning', 'Cleaned']),
  },
  {
    name: 'status',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'Show manageables in detail',
    run: async session => (await import('./commands/status.ts')).runStatus(session),
  },
  {
    name: 'connect',
    operand: { name: '<task_id>', isRepeated: false },
    options: QUIET_OPTION,
    summary: 'Show the output of a task and pass lines to its input',
    run: async session => (await import('./commands/connect.ts')).runConnect(session),
  },
  {
    name: 'reload',
    operand: PATHS,
    options: ANSWER_OPTIONS,
    summary: 'Replace the descriptors of manageables',
    run: async session => (await import('./commands/load.ts')).runReload(session),
  },
  withOptions({
    name: 'doctor',
    options: ANSWER_OPTIONS,
    summary: 'Find out what can be used here, and what mends the rest',
    run: async session => (await import('./commands/doctor.ts')).runDoctor(session),
  }),
  withOptions({
    name: 'run',
    operand: { name: '<command>', isRepeated: true },
    options: RUN_OPTIONS,
    summary: 'Run a command as a new task, without a descriptor file',
    run: async session => (await import('./commands/run.ts')).runRun(session),
  }),
  withOptions({
    name: 'new',
    operand: { name: '<name>', isRepeated: false },
    options: NEW_OPTIONS,
    summary: 'Write a descriptor to edit, with every key that it may have',
    run: async session => (await import('./commands/new.ts')).runNew(session),
  }),
  withOptions({
    name: 'wait',
    operand: PATTERNS,
    options: WAIT_OPTIONS,
    summary: 'Wait until manageables are inactive, and exit with their exit code',
    run: async session => (await import('./commands/wait.ts')).runWait(session),
  }),
  withOptions({
    name: 'restart',
    operand: PATTERNS,
    options: CHOICE_OPTIONS,
    summary: 'Stop manageables that are active, and start all',
    run: async session => (await import('./commands/start.ts')).runRestart(session),
  }),
  withOptions({
    name: 'signal',
    operand: { first: '<signal>', ...PATTERNS },
    options: SIGNAL_OPTIONS,
    summary: 'Send a signal to manageables',
    run: async session => (await import('./commands/signal.ts')).runSignal(session),
  }),
  {
    name: 'pause',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'Halt every process of manageables',
    run: async session =>
      runVerb(session, (await import('../verbs/pause.ts')).pause, ['pause', 'Pausing', 'Paused']),
  },
  {
    name: 'resume',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'Let paused manageables go on',
    run: async session =>
      runVerb(session, (await import('../verbs/resume.ts')).resume, ['resume', 'Resuming', 'Resumed']),
  },
  {
    name: 'edit',
    operand: ID,
    options: QUIET_OPTION,
    summary: 'Edit the descriptor of a manageable',
    run: async session => (await import('./commands/edit.ts')).runEdit(session),
  },
  withOptions({
    name: 'show',
    operand: ID,
    options: SHOW_OPTIONS,
    summary: 'Show descriptor, last script and environment of a manageable',
    run: async session => (await import('./commands/show.ts')).runShow(session),
  }),
  withOptions({
    name: 'logs',
    operand: PATTERNS,
    options: LOGS_OPTIONS,
    summary: 'Show the output of manageables',
    run: async session => (await import('./commands/logs.ts')).runLogs(session),
  }),
  {
    name: 'history',
    operand: PATTERNS,
    options: ANSWER_OPTIONS,
    summary: 'Show the runs of manageables, and how each ended',
    run: async session => (await import('./commands/history.ts')).runHistory(session),
  },
  withOptions({
    name: 'prune',
    operand: PATTERNS,
    options: PRUNE_OPTIONS,
    summary: 'Remove old runs with their output',
    run: async session => (await import('./commands/prune.ts')).runPrune(session),
  }),
  {
    name: 'check',
    operand: PATHS,
    options: ANSWER_OPTIONS,
    summary: 'Check descriptors, and load none',
    run: async session => (await import('./commands/check.ts')).runCheck(session),
  },
  {
    name: 'schema',
    options: ANSWER_OPTIONS,
    summary: 'Print the JSON Schema of descriptors, for editors',
    run: async session => (await import('./commands/schema.ts')).runSchema(session),
  },
  {
    name: 'completion',
    operand: { name: '<shell>', isRepeated: false, words: ['bash', 'zsh', 'fish'] },
    options: ANSWER_OPTIONS,
    summary: 'Print the script that completes command lines in a shell',
    run: async session => (await import('./commands/completion.ts')).runCompletion(session),
  },
  {
    name: 'help',
    operand: { name: '<topic>', isRepeated: false, isOptional: true },
    options: ANSWER_OPTIONS,
    summary: 'Show the usage of a command, with examples',
    run: async session => (await import('./commands/help.ts')).runHelp(session),
  },
  {
    name: 'complete',
    operand: { name: '<words>', isRepeated: true },
    summary: 'Answer the script of a shell',
    isHidden: true,
    run: async session => (await import('./commands/complete.ts')).runComplete(session),
  },
]
