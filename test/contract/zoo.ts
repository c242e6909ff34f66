/**
 * Commands whose processes are hard to end. Each keeps processes alive that have MARK as an argument, by which the test finds them,
 * or says `ready` on descriptor 9 where they hide it.
 */

export interface Animal {
  readonly command: (mark: string) => string
  /** How many processes bear the mark, or have said `ready`, once it is set up. */
  readonly count: number
}

const IS_ROOT = process.getuid?.() === 0
const USER = IS_ROOT ? '' : '--user --map-root-user'
const NOBODY = '--reuid=65534 --regid=65534 --clear-groups'

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
    command: mark => `n=0; while [ $n -lt 1000 ]; do sleep ${mark} & n=$((n + 1)); sleep 0.01; done; wait`, // it has an end
    count: 5,
  },
}

/** In perl: says `ready`, or anything else, to who watches. */
const SAY = 'open my $watch, ">>&=9"; sub say9 { syswrite $watch, "$_[0]\\n" if $watch }'

/** Becomes a perl program that has MARK as an argument. */
const perl = (mark: string, program: string) => `perl -e '${SAY}; ${program}' ${mark}`

const HIDE = 'env -i setsid -f'
const WRITE_OVER = '$0 = "x" x 100000; say9("ready"); sleep 1 while 1'
const CLOSE_ALL = 'use POSIX; POSIX::close($_) for 0 .. 63; sleep 1 while 1'
/** perl sets the name of its process as well. */
const LIE = '$0 = ") R 1 (1 2 3"; say9("ready"); sleep 1 while 1'

/**
 * Forks, leaves its session and loses its parent, again and again, for half a minute at most. It says `hop` each time. Whoever starts it
 * has to see to it that what ends is reaped (fixtures/reaper.pl).
 */
const hop = (pause: string) =>
  `use POSIX; use Time::HiRes "sleep"; my $end = time + 30; say9("ready"); while (time < $end) { say9("hop"); my $child = fork; POSIX::_exit(0) if !defined $child || $child; setsid; ${pause} }`

const IGNORE_ALL = '$SIG{$_} = "IGNORE" for grep { !/^(KILL|STOP|NUM|RT|CH?LD|__)/ } keys %SIG'

/** More of them, for the fault suite. */
export const RARE: Readonly<Record<string, Animal>> = {
  'wrote over its environment': { command: mark => `exec ${perl(mark, WRITE_OVER)}`, count: 1 },
  'wrote over its environment, and left its session and its parent': {
    command: mark => `setsid -f ${perl(mark, WRITE_OVER)}; exec sleep ${mark}`,
    count: 2,
  },
  'closed its files': {
    command: mark => `exec 0<&- 1>&- 2>&- 9>&-; exec sleep ${mark}`,
    count: 1,
  },
  'closed its files, cleared its environment, and left its session and its parent': {
    command: mark => `${HIDE} ${perl(mark, CLOSE_ALL)}; exec sleep ${mark}`,
    count: 2,
  },
  'bears a name that lies': {
    command: mark => `${HIDE} ${perl(mark, LIE)}; exec ${perl(mark, LIE)}`,
    count: 2,
  },
  'hops every few milliseconds': { command: mark => `exec ${perl(mark, hop('sleep 0.003'))}`, count: 1 },
  'hops as fast as it can': { command: mark => `exec ${perl(mark, hop(''))}`, count: 1 },
  'hops as fast as it can without an environment, and ignores signals': {
    command: mark => `exec env -i ${perl(mark, `${IGNORE_ALL}; ${hop('')}`)}`,
    count: 1,
  },
  'has many children': {
    command: mark => `n=0; while [ $n -lt 200 ]; do sleep ${mark} & n=$((n + 1)); done; wait`,
    count: 200,
  },
  'reads to the end of its input': { command: mark => `exec ${perl(mark, '1 while <STDIN>')}`, count: 1 },
  'is in a pid namespace': {
    command: mark => `exec unshare ${USER} --pid --fork sleep ${mark}`,
    count: 2,
  },
  'is in a pid namespace that ends with its maker, and has hidden there': {
    command: mark =>
      `exec unshare ${USER} --pid --fork --kill-child sh -c '${HIDE} sleep ${mark}; exec sleep ${mark}' ${mark}`,
    count: 3,
  },
  ...(IS_ROOT && {
    'became another user': { command: mark => `exec setpriv ${NOBODY} sleep ${mark}`, count: 1 },
    'became another user, cleared its environment, and left its session and its parent': {
      command: mark => `${HIDE} setpriv ${NOBODY} sleep ${mark}; exec sleep ${mark}`,
      count: 2,
    },
  }),
}
