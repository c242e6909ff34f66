#!/bin/sh
# The npm package as a user gets it: its shape and types, and a program that uses the library, under Node.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" >/dev/null
tarball=$(echo "$folder"/spmi-*.tgz)
publint --strict "$tarball"
attw --profile esm-only "$tarball"

root=$PWD
cd "$folder"
printf '{ "type": "module", "private": true }\n' >package.json
npm install --silent --no-audit --no-fund --offline "$tarball" >/dev/null 2>&1 ||
  npm install --silent --no-audit --no-fund "$tarball" >/dev/null
cat >smoke.mjs <<'JS'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { Pool, SpmiError, TaskManageable } from 'spmi'

const folder = mkdtempSync('smoke-')
writeFileSync(`${folder}/task.toml`, '[task]\nid = "smoke"\n[task.wrapper]\ncommand = "echo library; exit 3"\n')
const pool = await Pool.open({ path: `${folder}/pool` })
const { descriptors, errors } = await pool.check([`${folder}/task.toml`])
if (descriptors[0]?.id !== 'smoke' || errors.length > 0) throw new Error('check finds fault')
const { default: schema } = await import('spmi/schema/descriptor.json', { with: { type: 'json' } })
if (JSON.stringify(await pool.schema()) !== JSON.stringify(schema)) throw new Error('the schema is another one')
const [task] = await pool.load([`${folder}/task.toml`])
if (!(task instanceof TaskManageable)) throw new Error('load gave no task')
const wrong = await pool.start(['smoke'], { backend: 'native', set: { level: 1 } }).catch(error => error)
if (!(wrong instanceof SpmiError) || wrong.code !== 'usage') throw wrong
const [{ plan }] = (await pool.planStart(['smoke'])).planned
if (!plan.script.includes('echo library') || plan.launch?.argv.at(-1) !== plan.path) throw new Error('no plan')
const { done } = await pool.start(['smo.*'])
if (done.length !== 1) throw new Error('start started nothing')
let shown
do [shown] = await pool.status(['smoke'])
while (shown.status.state === 'active')
if (shown.status.exitCode !== 3) throw new Error(`exit code ${shown.status.exitCode}`)
const failure = await pool.connect('smoke').catch(error => error)
if (!(failure instanceof SpmiError) || failure.code !== 'inactive') throw failure
await pool.clean(['smoke'])
if ((await pool.list()).length !== 0) throw new Error('clean left something')
JS
cat >types.ts <<'TS'
import { Backend, type BackendJob, Pool, type Report, type Submission, v } from 'spmi'

export class OwnBackend extends Backend {
  static override async loadEntries() {
    return { level: v.optional(v.number(), 1) }
  }
  override async submit(jobs: readonly BackendJob[]): Promise<readonly Submission[]> {
    return jobs.map(() => ({ accepted: true }))
  }
}
const report: Report = await (await Pool.open()).start(['x'])
const states: string[] = report.done.map(({ id }) => id)
// @ts-expect-error a pattern is a string
void [states, (await Pool.open()).stop([1])]
TS
tsc --noEmit --strict --module nodenext --target es2023 --types node --typeRoots "$root/node_modules/@types" types.ts
printed=$(node smoke.mjs)
[ -z "$printed" ] || { echo "the library printed: $printed"; exit 1; }
[ "$(./node_modules/.bin/spmi -v)" = "spmi $(node -p "require('spmi/package.json').version")" ]
for page in spmi.1 spmi-descriptor.5; do [ -s "node_modules/spmi/dist/man/$page" ]; done
echo 'The packed library works under Node.'
