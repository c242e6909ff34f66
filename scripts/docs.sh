#!/bin/sh
# Builds the documentation: guide, architecture and API reference, as HTML in docs/build. Installs the packages that
# this needs first.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages

typedoc
