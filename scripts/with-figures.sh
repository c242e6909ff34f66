# shellcheck shell=sh
# Sourced by the test scripts: runs the test files "$@" and adds up what the fault suite counted. A fault that it counted is a failure,
# whatever became of the test.

SPMI_FAULTS_FIGURES=$(mktemp)
export SPMI_FAULTS_FIGURES
trap 'rm -f "$SPMI_FAULTS_FIGURES"' EXIT
status=0
sh scripts/run-tests.sh "$@" || status=$?
if [ -s "$SPMI_FAULTS_FIGURES" ]; then sh scripts/add-figures.sh "$SPMI_FAULTS_FIGURES" || status=1; fi
exit "$status"
