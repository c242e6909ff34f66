#!/bin/sh
# Runs test files, each in a process of its own, as many at once as there are processors (SPMI_TEST_JOBS): run-tests.sh FILE|FOLDER ...
#
# What fails is run once more, alone, and the last line says so: on a busy machine a test may be too slow, but what is broken fails
# twice. No fault that the fault suite finds is forgiven by that: its figures keep it (scripts/add-figures.sh).
# With SPMI_TEST_STRICT=1 a skip is a failure.
set -eu

run_file() { # FILE: its output is shown whole, its name noted when it fails
  report=$reports/$(echo "$1" | tr / _)
  rm -f "$report.xml"
  timeout 1800 bun test --timeout "${SPMI_TEST_TIMEOUT:-120000}" --reporter=junit --reporter-outfile="$report.xml" "./$1" \
    </dev/null >"$report.txt" 2>&1 || echo "$1" >>"$reports/failed"
  flock "$reports" cat "$report.txt"
}

if [ "$1" = --one ]; then
  run_file "$2"
  exit
fi

reports=$(mktemp -d)
export reports
trap 'rm -rf "$reports"' EXIT
find "$@" -name '*.test.ts' | LC_ALL=C sort -u >"$reports/files"
[ -s "$reports/files" ] || { echo "no test files in: $*" && exit 1; }
xargs -P "${SPMI_TEST_JOBS:-$(getconf _NPROCESSORS_ONLN)}" -I '{}' sh "$0" --one '{}' <"$reports/files"

again=
if [ -e "$reports/failed" ]; then
  mv "$reports/failed" "$reports/again"
  again=$(tr '\n' ' ' <"$reports/again")
  echo "== A second try, alone: $again"
  while read -r file; do run_file "$file"; done <"$reports/again"
fi

# Bun says how each file went; where it ended without that, its status has the word.
counts=$(cat "$reports"/*.xml | LC_ALL=C awk -F '"' '
  /^<testsuites / { for (i = 1; i < NF; i += 2) { sub(/.* /, "", $i); sum[$i] += $(i + 1) } }
  END { print sum["tests="] - sum["failures="] - sum["skipped="], sum["failures="] + 0, sum["skipped="] + 0 }')
# shellcheck disable=SC2086 # three numbers
set -- $counts
echo "$1 passed, $2 failed, $3 skipped${again:+; a second try for: $again}"
if [ -e "$reports/failed" ]; then
  echo "Failed: $(tr '\n' ' ' <"$reports/failed")"
  exit 1
fi
if [ -n "${SPMI_TEST_STRICT:-}" ] && [ "$3" -gt 0 ]; then
  echo 'Tests were skipped, which strict mode does not allow.'
  exit 1
fi
