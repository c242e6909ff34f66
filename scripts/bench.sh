#!/bin/sh
# Measures SPMI against floors and installed peers: npm run bench [-- [--check] SCENARIO ...]
# Installs and builds what it needs first, and no process manager: a peer that is missing is named and skipped.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages
if [ ! -x dist/spmi ] || [ ! -e dist/cli.js ]; then
  echo '== Building dist/spmi and dist/cli.js (scripts/build.sh)'
  sh scripts/build.sh
fi
exec bun bench/main.ts "$@"
