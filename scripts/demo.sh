#!/bin/sh
# The main job, visibly, in a pool of its own on the native backend: three examples in three formats are loaded, started
# by a pattern, listed, shown, talked to, stopped, killed and cleaned. Exit status 0 only if every step did what it should.
set -eu
cd "$(dirname "$0")/.."
sh scripts/build.sh

SPMI_PATH=$(mktemp -d)
export SPMI_PATH
finish() {
  status=$?
  trap - EXIT
  dist/spmi kill '.*' >/dev/null 2>&1 || true
  rm -rf "$SPMI_PATH"
  [ "$status" -eq 0 ] || echo "The demo FAILED (status $status)."
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

spmi() {
  printf '\n$ spmi'
  for word; do printf ' %s' "$word"; done
  printf '\n'
  dist/spmi "$@"
}

expect() { # WHAT PATTERN COMMAND...: what the command prints must match the pattern
  what=$1 pattern=$2
  shift 2
  printed=$("$@" 2>&1) || { printf '%s\n' "$printed"; echo "expected: $what"; exit 1; }
  printf '%s\n' "$printed"
  printf '%s\n' "$printed" | grep -Eq -- "$pattern" || { echo "expected: $what"; exit 1; }
}

until_shown() { # PATTERN ID: waits for it in the status, at most 10 seconds
  tries=0
  until dist/spmi status "$2" 2>/dev/null | grep -Eq -- "$1"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "\"$1\" did not appear in the status of $2"; exit 1; }
    sleep 0.1
  done
}

expect 'three descriptors are loaded' 'Loaded 3 manageables' spmi load examples/cal.toml examples/monitor.yaml examples/echo.json
expect 'three inactive manageables' 'echo +inactive' spmi list
expect 'all three are started' 'Started 3 manageables' spmi start '.*'
expect 'monitor is active' 'monitor +active' spmi list
until_shown 'Exit code: 0' cal
expect 'cal has ended with 0' 'Exit code: 0' spmi status cal
until_shown '^[0-9]+:[0-9]+:[0-9]+ ' monitor
expect 'monitor goes on' 'Active: active since' spmi status 'mon.*'

printf '\n$ echo Hello | spmi connect echo\n'
echo Hello | dist/spmi connect echo
until_shown 'Hello' echo
expect 'echo has answered' 'Hello' spmi status echo

expect 'monitor is stopped' 'Stopped 1 manageables' spmi stop monitor
expect 'echo is killed' 'Killed 1 manageables' spmi kill echo
printf '\n$ spmi stop monitor\n'
if dist/spmi stop monitor; then echo 'expected: an inactive one cannot be stopped' && exit 1; fi
expect 'all is cleaned' 'Cleaned 3 manageables' spmi clean '.*'
expect 'nothing is left' 'Registered 0 manageables' spmi list
printf '\nThe demo did what it should.\n'
