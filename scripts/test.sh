#!/bin/sh
# All tests: installs what they need, builds, and runs types, lint, shell checks, unit, architecture, golden, contract,
# end-to-end, fault and package tests: npm test [-- FILE|FOLDER ...]. With SPMI_TEST_STRICT=1 what is missing is a failure, not a skip.
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
[ "$#" -gt 0 ] || set -- test
. scripts/with-figures.sh
