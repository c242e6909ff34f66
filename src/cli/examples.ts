/** Examples of the commands, by name: for the help and the manual, which alone load them. The tests parse them. */

/** A command line, and what it does. */
export type Example = readonly [commandLine: string, meaning: string]

export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  list: [
    ['spmi list', 'Show what is loaded, and what of it is active'],
    ["spmi list -l 'worker_.*'", 'Show all there is to say of some'],
    ['spmi list --failed --sort since', 'Show those whose last run failed, in the order of time'],
  ],
  load: [
    ['spmi load train.toml', 'Load one descriptor'],
    ['spmi load workers/*.toml', 'Load all of a folder, or none if one of them is wrong'],
  ],
  start: [
    ['spmi start train', 'Start the manageable with this id'],
    ["spmi start 'worker_[1-8]'", 'Start eight of them at once'],
    ['spmi start train --backend slurm --set time=01:30:00', 'Run it this once as a job of Slurm'],
    ['spmi start train --dry-run', 'Show the script and how it would be started'],
  ],
  stop: [
    ['spmi stop train', 'Send its stop signals, and wait for its end'],
    ["spmi stop '.*'", 'Stop all that are active'],
  ],
  kill: [['spmi kill train', 'End all its processes by SIGKILL']],
  clean: [["spmi clean 'worker_.*'", 'Remove them, with what their runs have printed']],
  status: [['spmi status train', 'Show its state, its last exit code and the end of its output']],
  connect: [['spmi connect train', 'Follow the output; ^C leaves, ^D ends the input of the task']],
  reload: [['spmi reload train.toml', 'Take the changes in this file; runs and output stay']],
  doctor: [['spmi doctor', 'Say which backends can be used, and what mends the others']],
  run: [
    ['spmi run -- python3 train.py', 'Make a task of this command, and start it'],
    ['spmi run --backend tmux --id top -- top -b', 'Give it an id, and a process manager'],
  ],
  new: [['spmi new train', 'Write a descriptor with this id, to edit and to load']],
  wait: [
    ['spmi wait train', 'Return when it has ended'],
    ["spmi wait 'worker_.*' --any --timeout 1h", 'Return when the first of them has ended'],
  ],
  restart: [['spmi restart train', 'Stop it if it is active, and start it']],
  signal: [['spmi signal SIGUSR1 train', 'Send SIGUSR1 to it']],
  pause: [['spmi pause train', 'Halt it, with its memory as it is']],
  resume: [['spmi resume train', 'Let it go on']],
  edit: [['spmi edit train', 'Edit its descriptor with $EDITOR']],
  show: [['spmi show train', 'Show what it is made of']],
  logs: [
    ['spmi logs train -f', 'Show its output, and follow it'],
    ["spmi logs 'worker_.*' -n 5", 'Show the last lines of each'],
  ],
  history: [['spmi history train', 'Show when each run began, and how it ended']],
  prune: [['spmi prune train --keep 3', 'Keep the last three runs, and remove the others']],
  check: [['spmi check train.toml', 'Say what is wrong with it, in the words of load']],
  schema: [['spmi schema >descriptor.schema.json', 'Write it where an editor finds it']],
  completion: [['eval "$(spmi completion bash)"', 'Try it in the bash that runs']],
  help: [['spmi help start', 'The same as "spmi start -h"']],
}
