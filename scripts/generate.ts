/**
 * What is made from the table of commands and the schemas of descriptors, for the package: the manual pages and the JSON
 * Schema. Called by scripts/build.sh. Of $SOURCE_DATE_EPOCH, where it is set, comes the date of the pages.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { COMMANDS } from '../src/cli/commands.ts'
import { renderDescriptorPage } from '../src/cli/manual/descriptor.ts'
import { renderProgramPage } from '../src/cli/manual/program.ts'
import { version } from '../src/cli/version.ts'
import { Pool } from '../src/pool.ts'

const DIST = resolve(import.meta.dir, '../dist')

const { SOURCE_DATE_EPOCH: epoch } = process.env
const now = epoch ? new Date(Number(epoch) * 1000) : new Date()
const edition = { version, date: now.toISOString().slice(0, 10) }
const schema = await (await Pool.open({ path: join(DIST, 'no-pool') })).schema() // without anybody's plug-ins

mkdirSync(join(DIST, 'man'), { recursive: true })
writeFileSync(join(DIST, 'man/spmi.1'), renderProgramPage(COMMANDS, edition))
writeFileSync(join(DIST, 'man/spmi-descriptor.5'), renderDescriptorPage(schema, edition))
mkdirSync(join(DIST, 'schema'), { recursive: true })
writeFileSync(join(DIST, 'schema/descriptor.json'), `${JSON.stringify(schema, undefined, 2)}\n`)
