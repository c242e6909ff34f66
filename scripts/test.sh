#!/bin/sh
# All tests: installs what they need, builds, and runs types, lint, shell checks, unit, architecture, golden, contract,
# end-to-end and package tests. With SPMI_TEST_STRICT=1 what is missing is a failure, not a skip.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages
install_test_needs

echo '== Building both artifacts'
sh scripts/build.sh >/dev/null
echo '== Types'
tsc --noEmit
echo '== Lint'
biome check . --error-on-warnings
if command -v shellcheck >/dev/null 2>&1; then
  echo '== Shell scripts'
  shellcheck scripts/*.sh
elif [ -n "${SPMI_TEST_STRICT:-}" ]; then
  echo 'shellcheck is missing'
  exit 1
fi
echo '== Package'
sh scripts/check-package.sh
echo '== Tests'
report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
bun test --timeout 60000 --reporter=junit --reporter-outfile="$report" "$@" test || status=$?
# One line that says how it went: bun's own summary is spread over several.
counts=$(sed -n 's/^<testsuites [^>]*tests="\([0-9]*\)"[^>]*failures="\([0-9]*\)"[^>]*skipped="\([0-9]*\)".*/\1 \2 \3/p' "$report")
# shellcheck disable=SC2086 # three numbers
set -- $counts
echo "$(($1 - $2 - $3)) passed, $2 failed, $3 skipped"
if [ -n "${SPMI_TEST_STRICT:-}" ] && [ "$3" -gt 0 ]; then
  echo 'Tests were skipped, which strict mode does not allow.'
  exit 1
fi
exit "$status"
