#!/bin/sh
# A real Slurm on one machine, for tests and for trying it out: munged, slurmctld and slurmd on free ports, with all
# they have in one directory. It leaves the system's own Slurm and munge alone, and several can run side by side.
#
#   scripts/slurm.sh start DIR [KEY=VALUE ...]   lines of slurm.conf to add or to replace, such as MinJobAge=5;
#                                                host=NAME puts the node on a host of its own: in namespaces with this
#                                                host name, where pids are others, and which are gone when it stops (root);
#                                                accounts=yes keeps accounts (Debian: slurmdbd, mariadb-server-core, mariadb-client-core)
#   scripts/slurm.sh stop DIR                    ends the daemons and what jobs are left; DIR stays
#   scripts/slurm.sh start-controller|stop-controller|start-node|stop-node DIR
#
# DIR/slurm.conf  what clients need in $SLURM_CONF      DIR/*.log  what the daemons say
# DIR/*.pid       the daemons                           DIR/state, spool, munge  their files
# The programs come with the Debian packages slurm-wlm and munge. It runs as root and as an ordinary user, and needs no systemd.
set -eu
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=scripts/slurm-accounting.sh
. "${0%/*}/slurm-accounting.sh"

usage() {
  echo 'usage: scripts/slurm.sh start DIR [KEY=VALUE ...] | stop DIR | start-controller DIR | stop-controller DIR |' \
    'start-node DIR | stop-node DIR' >&2
  exit 2
}

fail() {
  echo "slurm.sh: $1" >&2
  exit 1
}

until_true() { # SECONDS COMMAND...: 1 when it did not become true in time
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# The daemons' configuration

is_free() { # PORT: nobody listens there
  ! grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04x "$1") " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

choose_port() { # the first of two free ports in a row, below the range for outgoing connections
  while port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 6000 * 2)); do
    if is_free "$port" && is_free $((port + 1)); then break; fi
  done
  echo "$port"
}

# Slurm can be kept to the loopback interface only where the machine's own name means 127.0.0.1: it would bind to that name.
# Else it listens on all interfaces, and who has no key gets no answer.
is_local_name() {
  getent ahostsv4 "$(uname -n)" | grep -q '^127\.0\.0\.1 '
}

write_configuration() { # KEY=VALUE ...
  port=$(choose_port)
  controller=$(uname -n)
  controller=${controller%%.*}
  node=$(cat "$dir/host" 2>/dev/null || echo "$controller")
  user=$(id -un)
  # The machine has fewer CPUs: they are what jobs are counted by, and here nothing else. A requeued job waits until its credential
  # has expired, by default for two minutes (cred_expire), and for the next look at the whole queue, one a minute (sched_interval).
  {
    cat <<CONF
ClusterName=spmi
SlurmctldHost=$controller(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,bf_interval=1
ReturnToService=2
JobRequeue=1
KillWait=2
MinJobAge=300
MailProg=/bin/true
GresTypes=gpu
CONF
    if is_local_name; then echo CommunicationParameters=NoCtldInAddrAny,NoInAddrAny; fi
    for setting; do echo "$setting"; done
  } | awk -F= '!($1 in value) { key[++n] = $1 } { value[$1] = $0 } END { while (i++ < n) print value[key[i]] }'
  echo "NodeName=$node NodeHostname=$node NodeAddr=127.0.0.1 CPUs=256 Gres=gpu:2 RealMemory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
  echo "PartitionName=debug Default=YES Nodes=$node MaxTime=INFINITE"
  echo "PartitionName=short Nodes=$node MaxTime=1"
}

make_directory() { # KEY=VALUE ...
  case $dir in
    *[!A-Za-z0-9/._-]*) fail "\"$dir\": Slurm wants a path of letters, digits and / . _ - only" ;;
  esac
  [ "${#dir}" -le 70 ] || fail "\"$dir\" is too long: its sockets have room for a path of 70 bytes"
  [ ! -e "$dir/slurm.conf" ] || fail "\"$dir\" has a Slurm already; stop it and remove the directory first"
  for program in munged slurmctld slurmd sinfo; do
    command -v "$program" >/dev/null || fail "$program is not installed; try: apt-get install slurm-wlm munge"
  done
  mkdir -p "$dir/spool"
  (umask 077 && mkdir -p "$dir/munge" "$dir/state" && head -c 128 /dev/urandom >"$dir/munge/key")
  for setting; do
    shift
    case $setting in
      host=*)
        echo "${setting#host=}" >"$dir/host"
        echo "127.0.0.1 localhost $(uname -n) ${setting#host=}" >"$dir/hosts"
        set -- "$@" "SlurmdPidFile=$dir/inside.pid" # slurmd has another pid for itself than we have
        ;;
      accounts=yes)
        write_accounting
        set -- "$@" AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=127.0.0.1 \
          "AccountingStoragePort=$port" "AccountingStoragePass=$dir/munge.socket"
        ;;
      *) set -- "$@" "$setting" ;;
    esac
  done
  write_configuration "$@" >"$dir/slurm.conf"
  printf 'Name=gpu File=%s\n' /dev/null /dev/zero >"$dir/gres.conf"
}

# Daemons, each known by its pid file and by our $SLURM_CONF in its environment: a pid alone may be somebody else's by now

pid_of() { # DAEMON: prints its pid; 1 when it does not run
  pid=$(cat "$dir/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  grep -qzsxF "SLURM_CONF=$SLURM_CONF" "/proc/$pid/environ" || return 1
  echo "$pid"
}

is_gone() { # DAEMON
  ! pid_of "$1" >/dev/null
}

start_daemon() { # DAEMON COMMAND...
  name=$1
  shift
  is_gone "$name" || fail "$name runs already"
  (cd / && exec env -i PATH="$PATH" SLURM_CONF="$SLURM_CONF" "$@") </dev/null >>"$dir/$name.log" 2>&1 || explain "$name did not start" "$name"
}

stop_daemon() { # DAEMON
  pid=$(pid_of "$1") || return 0
  signal=TERM
  [ "$1" != slurmd ] || [ ! -e "$dir/host" ] || signal=KILL # unshare(1) ignores TERM
  kill -s "$signal" "$pid" 2>/dev/null || return 0
  until_true 10 is_gone "$1" || kill -s KILL "$pid" 2>/dev/null || :
  until_true 2 is_gone "$1" || fail "$1 (pid $pid) does not end"
}

explain() { # WHAT DAEMON
  tail -n 5 "$dir/$2.log" >&2 || :
  fail "$1; see $dir/$2.log"
}

is_answering() {
  timeout 5 scontrol ping 2>/dev/null | grep -q ' is UP'
}

is_node_up() {
  case $(timeout 5 sinfo -h -p debug -o %T 2>/dev/null) in
    idle | mixed | allocated) return 0 ;;
    *) return 1 ;;
  esac
}

start_munged() {
  start_daemon munged munged --force --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" --key-file="$dir/munge/key" \
    --seed-file="$dir/munge/seed" --log-file="$dir/munged.log"
}

start_controller() {
  start_daemon slurmctld slurmctld -f "$SLURM_CONF"
  until_true 20 is_answering || explain 'slurmctld does not answer' slurmctld
  is_gone slurmd || until_true 20 is_node_up || explain 'the node does not come back' slurmctld
}

# Its first process, which does not fork away, and whose end is the end of the host.
# shellcheck disable=SC2016 # that shell expands it
HOST='hostname "$1"; mount --bind "${2%/*}/hosts" /etc/hosts; exec slurmd -D -N "$1" -f "$2"'

start_node() {
  if [ -e "$dir/host" ]; then
    is_gone slurmd || fail 'slurmd runs already'
    (cd / && exec env -i PATH="$PATH" SLURM_CONF="$SLURM_CONF" unshare --uts --pid --mount-proc --fork --kill-child \
      sh -c "$HOST" host "$(cat "$dir/host")" "$SLURM_CONF") </dev/null >>"$dir/slurmd.log" 2>&1 &
    echo "$!" >"$dir/slurmd.pid"
  else
    start_daemon slurmd slurmd -f "$SLURM_CONF"
  fi
  until_true 20 is_node_up || explain 'the node does not become idle' slurmd
}

# What jobs leave when they cannot be cancelled, because the controller or the node is gone: slurmstepds, which know the
# cluster by their environment, as jobs do, and all below them. A shell that has $SLURM_CONF exported is no job.

list_leftovers() {
  known=$(grep -lzxF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ 2>/dev/null || :)
  for file in $known; do
    process=${file%/environ}
    if grep -qzs '^SLURM_JOB_ID=' "$file" || grep -qsx slurmstepd "$process/comm"; then echo "${process#/proc/}"; fi
  done | { cat && cat /proc/[0-9]*/stat 2>/dev/null; } | awk '
    NF == 1 { found[$1]; next }
    { pid = $1; sub(/.*[)] . /, ""); parent[pid] = $1 }
    END {
      do { grown = 0; for (p in parent) if (!(p in found) && parent[p] in found) { found[p]; grown = 1 } } while (grown)
      for (p in found) print p
    }'
}

has_no_jobs() {
  [ -z "$(timeout 5 squeue -h -o %A 2>/dev/null)" ]
}

cancel_jobs() {
  timeout 5 squeue -h -o %A 2>/dev/null | xargs -r timeout 10 scancel 2>/dev/null || :
  until_true 10 has_no_jobs || :
}

stop_all() {
  if ! is_gone slurmctld && is_answering; then cancel_jobs; fi
  stop_daemon slurmctld
  stop_daemon slurmd
  for pid in $(list_leftovers); do kill -s KILL "$pid" 2>/dev/null || :; done
  stop_accounting
  stop_daemon munged
}

[ $# -ge 2 ] || usage
verb=$1
dir=$2
shift 2
[ "$verb" = start ] || [ $# -eq 0 ] || usage
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
dir=${dir%/}
SLURM_CONF=$dir/slurm.conf
export SLURM_CONF

[ "${verb#start-}" = "$verb" ] || [ -e "$SLURM_CONF" ] || fail "\"$dir\" has no Slurm; \"start\" makes one"
case $verb in
  start)
    make_directory "$@"
    trap stop_all EXIT
    trap 'exit 1' HUP INT TERM
    start_munged
    start_accounting
    start_controller
    start_node
    trap - EXIT
    echo "export SLURM_CONF=$SLURM_CONF"
    ;;
  stop) stop_all ;;
  start-controller) start_controller ;;
  stop-controller) stop_daemon slurmctld ;;
  start-node) start_node ;;
  stop-node) stop_daemon slurmd ;;
  *) usage ;;
esac
