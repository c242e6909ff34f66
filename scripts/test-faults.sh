#!/bin/sh
# The fault suite: npm run test:faults [-- [--full] [FILE ...]]. Without --full it is the short form that npm test runs.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages
install_test_needs
echo '== Building both artifacts'
sh scripts/build.sh >/dev/null

if [ "${1:-}" = --full ]; then
  export SPMI_FAULTS=full
  shift
fi
echo '== Faults'
[ "$#" -gt 0 ] || set -- test/faults
. scripts/with-figures.sh
