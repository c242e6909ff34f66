#!/bin/sh
# The fault suite: npm run test:faults [-- [--full] [FILE ...]]. Without --full it is the short form that npm test runs.
# It adds up what the tests counted, and fails when something was found that must never be.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages
install_test_needs
echo '== Building both artifacts'
sh scripts/build.sh >/dev/null

SPMI_FAULTS=
files=
for argument; do
  case $argument in
    --full) SPMI_FAULTS=full ;;
    *) files="$files $argument" ;;
  esac
done
export SPMI_FAULTS
SPMI_FAULTS_FIGURES=$(mktemp)
export SPMI_FAULTS_FIGURES
trap 'rm -f "$SPMI_FAULTS_FIGURES"' EXIT
echo '== Faults'
status=0
# shellcheck disable=SC2086 # a list of words
bun test --timeout 120000 ${files:-test/faults} || status=$?
sh scripts/add-figures.sh "$SPMI_FAULTS_FIGURES" || status=1
exit "$status"
