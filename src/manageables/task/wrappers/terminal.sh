# The command on a terminal of its own. script(1) holds a pseudo-terminal: what comes from the FIFO it types there, and
# what is shown there it appends to stdout. It reads this script once more inside, to become the command, so that the
# command is the leader of the terminal's session. If the disk is full, or the file as large as it may be, script loses output
# and goes on.

# In place of the command, becomes script. In a session of its own, because whoever signals the wrapper's group means the
# wrapper, while script would end the command in its own way. It belongs to the run, so that kill ends it too.
_spmi_launch_terminal() {
  export SHELL=/bin/sh SPMI_RUN="$_spmi_name" _spmi_inside="$_spmi_dir"
  trap '' XFSZ # the command gets it back with all the others
  # shellcheck disable=SC2016 # for the shell inside
  exec "$_spmi_setsid" "$_spmi_terminal" -qec '. "$_spmi_inside/run.sh"' /dev/null
}

# Inside, records the command and becomes it; elsewhere it does nothing.
_spmi_enter_terminal() { # ARGV
  [ "${_spmi_inside-}" = "$_spmi_dir" ] || return 0
  unset _spmi_inside SHELL SPMI_RUN
  # shellcheck disable=SC2086 # a list of words
  stty $_spmi_modes
  _spmi_tty=$(tty)
  _spmi_clock
  printf 'spawned at=%s pid=%s up=%s tty=%s\n' "$_spmi_at" "$$" "$_spmi_up" "$_spmi_tty" >&4
  exec 4>&-
  _spmi_become "$@"
}

# Waits until the command is recorded.
_spmi_await_command() {
  until _spmi_find_command; do
    if _spmi_has_ended "$_spmi_child"; then
      _spmi_find_command || _spmi_refuse 'script(1) gives it no terminal; why stands in stdout'
      break
    fi
    sleep 0.005
  done
  if [ -t 0 ]; then # that of the session manager
    exec 7<&0
    _spmi_view &
    _spmi_view=$!
    exec 7<&-
  fi
}

_spmi_find_command() {
  while read -r _spmi_verb _spmi_rest && [ -n "$_spmi_verb" ]; do
    case $_spmi_verb,$_spmi_rest in spawned,*tty=*)
      _spmi_tty=${_spmi_rest##*tty=} _spmi_pid=${_spmi_rest#*pid=}
      _spmi_pid=${_spmi_pid%% *}
      return 0
      ;;
    esac
  done <"$_spmi_dir/journal"
  return 1
}

# Whether a child has ended: kill would find it as long as nobody has waited for it.
_spmi_has_ended() { # PID
  { read -r _spmi_rest <"/proc/$1/stat"; } 2>/dev/null || return 0
  case ${_spmi_rest##*') '} in [ZXx]*) return 0 ;; esac
  return 1
}

# Shows the command's terminal on another one, which is open as 7: keys go to the FIFO, output comes from the file, and the
# size is passed on. So the command does not depend on the session manager, and output is saved in the same way everywhere.
_spmi_view() {
  exec 4>&- 5>&- 6>&- >/dev/null 2>&1
  _spmi_over='' _spmi_shown=''
  trap '_spmi_over=yes; kill "$_spmi_shown"' TERM # kill, because it may come right before wait
  trap _spmi_fit WINCH
  _spmi_modes=$(stty -g <&7)
  stty raw -echo <&7
  cat <&7 >&3 &
  _spmi_keys=$!
  exec 3>&-
  tail -s 0.1 -c +1 -f "$_spmi_dir/stdout" >&7 &
  _spmi_shown=$!
  _spmi_fit
  while [ -z "$_spmi_over" ] && kill -0 "$_spmi_shown"; do wait "$_spmi_shown"; done
  kill "$_spmi_keys" "$_spmi_shown"
  stty "$_spmi_modes" <&7
}

# shellcheck disable=SC2317 # the trap above calls it
_spmi_fit() {
  _spmi_size=$(stty size <&7)
  stty -F "$_spmi_tty" rows "${_spmi_size% *}" cols "${_spmi_size#* }"
}
