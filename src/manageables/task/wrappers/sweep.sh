# For a run that may be on another host than those who manage it. They cannot see its processes there, so what
# src/system/run-processes.ts does for them is done here, for whoever asks by a signal: SIGTTIN sends SIGTERM to the processes
# that left the command's group, SIGALRM kills every process of the run.

# Sets _spmi_state, _spmi_parent, _spmi_group, _spmi_session and the _spmi_rest of process $1: the fields after the last ")" of
# its stat, since its name may hold anything. Fails when it is gone.
_spmi_inspect() {
  _spmi_stat=''
  while read -r _spmi_line; do _spmi_stat="$_spmi_stat $_spmi_line"; done 2>/dev/null <"/proc/$1/stat" || return 1
  read -r _spmi_state _spmi_parent _spmi_group _spmi_session _spmi_rest <<END
${_spmi_stat##*) }
END
  case $_spmi_state in '' | [ZXx]) return 1 ;; esac
}

# Prints the pids of processes that bear the run: those whose environment names it, and those that have its mark, were
# started after it, and name no other run. (Of whom we may not read the environment, the limits can be read.)
_spmi_bearers() {
  grep -lzxF "SPMI_RUN=$_spmi_name" /proc/[0-9]*/environ 2>/dev/null | while read -r _spmi_file; do
    _spmi_file=${_spmi_file#/proc/}
    echo "${_spmi_file%/environ}"
  done
  [ -n "$_spmi_mark" ] || return 0
  grep -l "^Max file locks  *$_spmi_mark " /proc/[0-9]*/limits 2>/dev/null | while read -r _spmi_file; do
    _spmi_file=${_spmi_file#/proc/} _spmi_file=${_spmi_file%/limits}
    grep -qz '^SPMI_RUN=.' "/proc/$_spmi_file/environ" 2>/dev/null && continue
    _spmi_inspect "$_spmi_file" || continue
    # shellcheck disable=SC2086 # numbers
    set -- $_spmi_rest
    [ "${16}" -lt "$_spmi_begin" ] || echo "$_spmi_file" # its start
  done
}

# Sets _spmi_found to the processes of the run, as " 12 34 ": those that bear it, those of the command's
# session, and what descends from them. With an argument only those that are not in the command's group, without what holds
# the command's terminal: it would pass a signal on, and ends with the command.
_spmi_find() {
  _spmi_leader=${_spmi_pid:-$!}
  _spmi_found=' ' _spmi_table=''
  for _spmi_each in $(_spmi_bearers); do _spmi_found="$_spmi_found$_spmi_each "; done
  for _spmi_each in /proc/[0-9]*; do
    _spmi_each=${_spmi_each#/proc/}
    _spmi_inspect "$_spmi_each" || continue
    _spmi_table="$_spmi_table $_spmi_each:$_spmi_parent:$_spmi_group"
    [ "$_spmi_session" != "$_spmi_leader" ] || _spmi_add "$_spmi_each"
  done
  _spmi_grown=yes
  while [ -n "$_spmi_grown" ]; do
    _spmi_grown=''
    for _spmi_each in $_spmi_table; do
      _spmi_rest=${_spmi_each#*:}
      case $_spmi_found in *" ${_spmi_rest%:*} "*) _spmi_add "${_spmi_each%%:*}" ;; esac
    done
  done
  _spmi_all=$_spmi_found _spmi_found=''
  for _spmi_each in $_spmi_table; do
    if [ -n "$1" ]; then
      [ "${_spmi_each##*:}" != "$_spmi_leader" ] && [ "${_spmi_each%%:*}" != "$_spmi_child" ] || continue
    fi
    case $_spmi_all in *" ${_spmi_each%%:*} "*) _spmi_found="$_spmi_found ${_spmi_each%%:*}" ;; esac
  done
}

_spmi_add() { # PID
  case $_spmi_found in *" $1 "*) ;; *) _spmi_found="$_spmi_found$1 " _spmi_grown=yes ;; esac
}

_spmi_end_strays() {
  _spmi_find strays
  # shellcheck disable=SC2086 # a list of numbers
  [ -z "$_spmi_found" ] || kill -TERM $_spmi_found
}

# All are stopped first, so that none can fork away, then killed, until two looks in a row find none.
_spmi_kill_all() {
  _spmi_empty=0 _spmi_stopped='' _spmi_tries=0
  while [ "$_spmi_empty" -lt 2 ] && [ "$_spmi_tries" -lt 200 ]; do
    _spmi_tries=$((_spmi_tries + 1))
    _spmi_find
    # shellcheck disable=SC2086 # lists of numbers
    if [ -z "$_spmi_found" ]; then
      _spmi_empty=$((_spmi_empty + 1))
    elif [ "$_spmi_found" = "$_spmi_stopped" ]; then
      kill -KILL $_spmi_found
      _spmi_empty=0 _spmi_stopped=''
    else
      kill -STOP $_spmi_found
      _spmi_empty=0 _spmi_stopped=$_spmi_found
    fi
  done
}

trap _spmi_end_strays TTIN
trap _spmi_kill_all ALRM
