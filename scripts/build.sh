#!/bin/sh
# Builds both artifacts from one source: dist/cli.js with the library dist/index.js for Node, and dist/spmi, a
# standalone executable; and the manual pages and the JSON Schema. Installs the packages that this needs first.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
install_packages

rm -rf dist
mkdir -p dist
bun build src/cli/main.ts --target=node --format=esm --minify-syntax --minify-whitespace --outfile=dist/cli.js
bun build src/index.ts --target=node --format=esm --minify-syntax --minify-whitespace --outfile=dist/index.js
chmod +x dist/cli.js
# The executable must not take settings from files that lie where it is called: they would reach the tasks.
# Split, so that a command loads only what it uses. Most of it ends before code that the JIT compiles has paid for that: so it waits
# four times as long. (Eight times would be felt with 10,000 tasks.)
bun build src/cli/main.ts --compile --bytecode --splitting --minify --format=esm --compile-jit-policy=4 \
  --no-compile-autoload-dotenv --no-compile-autoload-bunfig --outfile=dist/spmi
tsc -p tsconfig.types.json
bun scripts/generate.ts
