# What follows is the same for every run; what differs was assigned above. POSIX sh, coreutils and util-linux suffice.
#
# It claims the run by making its journal, starts the command ("$@") in a session of its own, passes each signal on
# exactly once, and notes what happened. The records are described in src/store/journal.ts. Only names that begin
# with _spmi_ are assigned here, and the command's environment is read after the fork, so neither touches the other.
# Where the command is to be on a terminal of its own, terminal.sh stands above and says how.

umask 077
_spmi_child='' # what is waited for
_spmi_pid=''   # the command: the leader of its session and group
_spmi_view='' _spmi_pending='' _spmi_noted=0

# Sets _spmi_at to the time in milliseconds since the epoch and _spmi_up to that in clock ticks since boot. The uptime
# costs no process, unlike date(1), but counts from _spmi_zero only on the boot for which that was computed. What is
# read is kept short, because dash reads byte by byte.
_spmi_clock() {
  if [ -n "$_spmi_forks_for_time" ]; then
    _spmi_up=$(_spmi_born)
  else
    read -r _spmi_up _spmi_rest </proc/uptime || _spmi_up=0.00
    _spmi_up=$((${_spmi_up%.*} * 100 + 1${_spmi_up#*.} - 100)) # the 1, because a leading 0 would make it octal
  fi
  if [ "$_spmi_boot" = "$_spmi_zero_boot" ]; then
    _spmi_at=$((_spmi_zero + _spmi_up * 10))
  else
    _spmi_at=$(date +%s)000
  fi
}

# Where the uptime is not that of the boot (LXC), the time is when a process starts that is made for it: the subshell of a
# substitution. Its start is the 20th of the fields after the last ")".
_spmi_born() {
  read -r _spmi_rest </proc/self/stat
  # shellcheck disable=SC2086 # numbers
  set -- ${_spmi_rest##*) }
  echo "${20}"
}

_spmi_note() { # RECORD [PAIRS]
  _spmi_clock
  printf '%s at=%s%s\n' "$1" "$_spmi_at" "${2:+ $2}" >&4
}

# Puts journal and asked.* on the disk: an end that somebody has seen must not be lost with the power. Without such a program
# they are there when the system has written them. Twice, because a kill may take the first one for a process of the run.
_spmi_sync() {
  set -- "$_spmi_dir"/[aj]* "$_spmi_dir"
  sync "$@" || sync "$@"
} 2>/dev/null

_spmi_refuse() { # REASON
  _spmi_note refused "reason=$(printf %s "$1" | tr '\n' ' ')" # a path may hold anything, a record is one line
  _spmi_sync
  exit 74
}

# The command's group exists only after its setsid, and dash swallows what reaches a child just forked: so only the
# group is signalled, again and again until it is there. ("kill -s" and "--" fail for groups in dash or BusyBox.) At most
# 16 signals are noted, so that the end still fits.
_spmi_forward() { # SIGNAL
  _spmi_pending=$1
  [ -n "$_spmi_pid" ] || return 0
  _spmi_pending='' _spmi_tries=0
  until kill "-$1" "-$_spmi_pid" 2>/dev/null; do
    _spmi_tries=$((_spmi_tries + 1))
    if [ "$_spmi_tries" -gt 300 ] || ! kill -0 "$_spmi_pid" 2>/dev/null; then return 0; fi
    sleep 0.01
  done
  _spmi_noted=$((_spmi_noted + 1))
  [ "$_spmi_noted" -gt 16 ] || _spmi_note signalled "signal=SIG$1"
}

# Whether the command's group has a living process. kill counts zombies that nobody reaps (yet); so where it finds
# something, the states in /proc tell: after the last ")" come state, parent and group.
_spmi_group_lives() {
  kill -0 "-$_spmi_pid" || return 1
  cat /proc/[0-9]*/stat | grep -Eq ") [^ZXx] [0-9]+ $_spmi_pid "
  [ "$?" -ne 1 ] # without grep, kill has the word
}

# Whether anything of the run lives: where nobody else can look for what left the group, this script does.
_spmi_lives() {
  _spmi_group_lives || { [ -n "$_spmi_far" ] && [ -n "$(_spmi_bearers)" ]; }
}

# Whoever has input to end asks for it with SIGURG, which harms nobody who does not know it.
# shellcheck disable=SC2317 # the trap below calls it
_spmi_close_input() {
  exec 3>&-
  _spmi_note closed
}

# Every process of the command bears the run's mark, whatever becomes of its environment and its session: the soft limit of
# file locks, which means nothing to Linux (see src/system/run-marks.ts). Its letter is -x in bash and BusyBox, -w in dash.
_spmi_bear_mark() {
  # shellcheck disable=SC3045 # POSIX knows neither
  { ulimit -S -x "$_spmi_mark" || ulimit -S -w "$_spmi_mark"; } 2>/dev/null
}

# Becomes the command: in a session of its own, where no terminal has made one, and with all signals as they are by default.
_spmi_become() { # ARGV
  umask "$_spmi_umask"
  # Soft limits, where the hard ones let. A process manager has others than the start had.
  # shellcheck disable=SC3045 # POSIX knows but -f; dash, BusyBox and bash know all of these
  for _spmi_each in $_spmi_limits; do ulimit -S "-${_spmi_each%%=*}" "${_spmi_each#*=}"; done 2>/dev/null
  unset OLDPWD
  # shellcheck disable=SC1091 # written anew for each run
  . "$_spmi_dir/env"
  if [ -n "$_spmi_env" ]; then
    # env gives the command its locale. Without that, it and setsid would load it, which takes longer than all that they do.
    if [ -n "${LC_ALL+x}" ]; then set -- "LC_ALL=$LC_ALL" "$@"; else set -- -u LC_ALL "$@"; fi
    set -- "$_spmi_env" --default-signal "$@"
    export LC_ALL=C
  fi
  [ -n "$_spmi_terminal" ] || set -- "$_spmi_setsid" "$@"
  exec "$@"
}

# Where the run may come to another host than its start, the host is found out here.
[ -n "$_spmi_boot" ] || { read -r _spmi_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
[ -n "$_spmi_host" ] || { read -r _spmi_host </proc/sys/kernel/hostname; } 2>/dev/null || _spmi_host=$(uname -n)

if [ -n "$_spmi_terminal" ]; then _spmi_enter_terminal "$@"; fi

_spmi_clock
_spmi_begin=$_spmi_up # what was started before is no process of this run
_spmi_claim="claimed at=$_spmi_at host=$_spmi_host boot=$_spmi_boot pid=$$ up=$_spmi_up parent=$PPID name=$_spmi_name"

# A process manager that runs the script again goes on in the same run: the journal of the earlier attempt is put aside.
if [ "$_spmi_attempt" -gt 0 ] && [ ! -e "$_spmi_dir/journal.$_spmi_attempt" ] && [ -e "$_spmi_dir/journal" ]; then
  read -r _spmi_verb _spmi_rest <"$_spmi_dir/journal"
  [ "$_spmi_verb" != claimed ] || mv "$_spmi_dir/journal" "$_spmi_dir/journal.$_spmi_attempt"
fi

# The claim: with noclobber the journal is made with O_EXCL, so a second wrapper stops here. Its space, one block, is
# allocated now and overwritten from now on, so that the end of the run fits on a full disk.
trap : PIPE XFSZ
set -C
printf '%s\n%3000s\n' "$_spmi_claim" '' >"$_spmi_dir/journal" || exit 75
set +C
command exec 4<>"$_spmi_dir/journal" || exit 75
printf '%s\n' "$_spmi_claim" >&4

trap '_spmi_forward TERM' TERM
trap '_spmi_forward "$_spmi_hangup"' HUP # the session manager goes, and with it the session
trap '_spmi_forward INT' INT
trap '_spmi_forward QUIT' QUIT
trap '_spmi_forward USR1' USR1
trap '_spmi_forward USR2' USR2
trap '_spmi_close_input' URG

command exec 5>>"$_spmi_dir/stdout" || _spmi_refuse 'stdout cannot be written'
if [ -n "$_spmi_mixed" ]; then
  exec 6>&5
else
  command exec 6>>"$_spmi_dir/stderr" || _spmi_refuse 'stderr cannot be written'
fi
if [ "$_spmi_stdin" = "$_spmi_dir/stdin" ]; then
  # Open for writing as well, so that the command never sees an end of file that nobody asked for.
  [ -p "$_spmi_stdin" ] || mkfifo "$_spmi_stdin" || _spmi_refuse 'a FIFO cannot be made here; stdin = "null" needs none'
  command exec 3<>"$_spmi_stdin" || _spmi_refuse 'the FIFO stdin cannot be opened'
else
  { : ; } <"$_spmi_stdin" || _spmi_refuse "the file \"$_spmi_stdin\" cannot be read for stdin"
fi
cd -- "$_spmi_cwd" || _spmi_refuse "the folder \"$_spmi_cwd\" cannot be entered"

(
  # bash can undo what "&" ignores from inside; elsewhere a program does (_spmi_become).
  trap - INT QUIT
  [ -z "$_spmi_mark" ] || _spmi_bear_mark # first of all: it may soon be the only one who knows
  exec 3>&- <"$_spmi_stdin" >&5 2>&6 5>&- 6>&-
  if [ -n "$_spmi_terminal" ]; then _spmi_launch_terminal; fi
  exec 4>&-
  _spmi_become "$@"
) &
_spmi_child=$!
if [ -n "$_spmi_terminal" ]; then
  _spmi_await_command
else
  _spmi_clock
  printf 'spawned at=%s pid=%s up=%s\n' "$_spmi_at" "$_spmi_child" "$_spmi_up" >&4
  _spmi_pid=$_spmi_child
fi
[ -z "$_spmi_pending" ] || _spmi_forward "$_spmi_pending"

# Whoever launched this script holds the other end of our output: its end of file says that the command was started.
# A terminal stays open as input, because its session would end with the last process that has it open.
exec 5>&- 6>&- >/dev/null 2>&1
[ -t 0 ] || exec </dev/null

# A trapped signal interrupts wait with 128 + n while the command lives, or is not reaped yet.
while
  wait "$_spmi_child"
  _spmi_code=$?
  [ "$_spmi_code" -gt 128 ] && kill -0 "$_spmi_child"
do :; done
if [ "$_spmi_code" -gt 128 ]; then
  # bash reaps on its own: the first answer may be that of the signal, and a second wait tells; elsewhere it gives 127.
  wait "$_spmi_child"
  _spmi_again=$?
  [ "$_spmi_again" -eq 127 ] || _spmi_code=$_spmi_again
fi
if _spmi_lives; then
  _spmi_note exited "code=$_spmi_code"
  _spmi_note stayed
  _spmi_pause=0.02
  while _spmi_lives; do
    sleep "$_spmi_pause" &
    wait "$!" # which a signal interrupts, so that it is passed on at once
    case $_spmi_pause in 0.02) _spmi_pause=0.1 ;; *) _spmi_pause=0.5 ;; esac
  done
  _spmi_note ended
else
  _spmi_clock
  printf 'exited at=%s code=%s\nended at=%s\n' "$_spmi_at" "$_spmi_code" "$_spmi_at" >&4
fi
# A process for each end would be felt with many short runs: one of less than a second is on the disk when the system has
# written it.
[ $((_spmi_up - _spmi_begin)) -lt 100 ] || _spmi_sync
if [ -n "$_spmi_view" ] && kill "$_spmi_view"; then wait "$_spmi_view"; fi
exit "$_spmi_code"
