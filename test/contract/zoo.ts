/** Commands whose processes are hard to end. Each keeps `sleep MARK` processes alive, by which the test finds them. */

interface Animal {
  readonly command: (mark: string) => string
  /** How many processes bear the mark once it is set up. */
  readonly count: number
}

export const ZOO: Readonly<Record<string, Animal>> = {
  'ignores every signal that can be ignored': {
    command: mark => `trap '' HUP INT QUIT TERM USR1 USR2 PIPE; exec sleep ${mark}`,
    count: 1,
  },
  'ends while a child ignores SIGTERM': {
    command: mark => `trap '' HUP INT TERM; sleep ${mark} & exit 0`,
    count: 1,
  },
  'forked twice': { command: mark => `( (sleep ${mark} &) & ); exec sleep ${mark}`, count: 2 },
  'left its session': { command: mark => `setsid sleep ${mark} & exec sleep ${mark}`, count: 2 },
  'left its session twice': {
    command: mark => `setsid setsid -f sh -c 'setsid -f sleep ${mark}'; exec sleep ${mark}`,
    count: 2,
  },
  'uses nohup': { command: mark => `nohup sleep ${mark} & exec sleep ${mark}`, count: 2 },
  'cleared its environment': {
    command: mark => `env -i sleep ${mark} & exec env -i sleep ${mark}`,
    count: 2,
  },
  'cleared its environment, and left its session and its parent': {
    command: mark => `env -i setsid -f sleep ${mark}; exec sleep ${mark}`,
    count: 2,
  },
  'is stopped': { command: mark => `sleep ${mark} & sleep 0.2; kill -STOP $!; exec sleep ${mark}`, count: 2 },
  'stopped itself': { command: mark => `sleep ${mark} & kill -STOP $$; exec sleep ${mark}`, count: 1 },
  'has job control': {
    command: mark => `set -m; sleep ${mark} & sleep ${mark} & set +m; exec sleep ${mark}`,
    count: 3,
  },
  'forks all the time': {
    command: mark => `while :; do sleep ${mark} & sleep 0.01; done`,
    count: 5,
  },
}
