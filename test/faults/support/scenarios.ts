/**
 * The commands that change something, each with a pool in which it has something to do, and with what must hold after it was
 * broken off at any of its system calls, or one of these has failed: the old or the new state, at most one run, nothing of half a thing, and
 * commands that work.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpmiError } from '../../../src/errors.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'
import { ARTIFACTS, type Outcome, until } from '../../support/spmi.ts'
import type { Cell } from './cell.ts'
import { trace } from './injection.ts'

/** What was found. */
export class Findings {
  readonly torn: string[] = []
  readonly lies: string[] = []
  readonly survivors: string[] = []
}

/** A command in a pool of its own. */
export interface Scenario {
  readonly name: string
  /** Makes the pool in which the command is to work. */
  prepare(cell: Cell): Promise<void>
  argv(cell: Cell): readonly string[]
  readonly input?: string
  /** What it ends with; 0 where nothing is said. */
  readonly status?: number
  /** Looks at what the command left, and goes on working with it. @throws Violation for what must not be */
  examine(cell: Cell): Promise<void>
}

/** Something that must not be. */
export class Violation extends Error {
  readonly kind: keyof Findings
  constructor(kind: keyof Findings, what: string) {
    super(what)
    this.kind = kind
  }
}

const SPMI = ARTIFACTS['dist/spmi']
const ID = 'task'

/** Before anything else: what every scenario needs in a new cell. */
export async function furnish(cell: Cell): Promise<void> {
  for (const [state, stop] of [
    ['old', '5'],
    ['new', '4'],
  ] as const) {
    mkdirSync(join(cell.pool.folder, state))
    // The same but for one key, in two formats and from two folders.
    const wrapper = {
      command: cell.witness.command(`exec cat >>'${inputOf(cell)}'`),
      stop_timeout: Number(stop),
    }
    const task = { id: ID, comment: state, backend: { type: 'native' }, wrapper }
    writeFileSync(descriptorOf(cell, state), toText(state, task))
  }
  await done(cell, 'load', descriptorOf(cell, 'old'))
  cell.save('loaded')
  await done(cell, 'start', ID)
  await done(cell, 'kill', ID)
  cell.save('ended')
  for (let run = 2; run <= RUNS; run++) {
    await done(cell, 'start', ID)
    await done(cell, 'kill', ID)
  }
  cell.save('often ended')
}

/** How often a task has run of which old runs are to be removed. */
const RUNS = 4

type Version = 'old' | 'new'

function descriptorOf(cell: Cell, version: Version): string {
  return join(cell.pool.folder, version, version === 'old' ? 'descriptor.json' : 'descriptor.yaml')
}

/** JSON is YAML. */
function toText(version: Version, task: object): string {
  return JSON.stringify({ task }, undefined, version === 'old' ? 2 : 4)
}

/** Where the command writes what is sent to it. */
function inputOf(cell: Cell): string {
  return join(cell.pool.folder, 'input')
}

const beginsWith =
  (saved?: string, isStarted = false) =>
  async (cell: Cell) => {
    cell.restore(saved)
    rmSync(inputOf(cell), { force: true })
    if (isStarted) await done(cell, 'start', ID)
  }

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'load into a pool that is made by it',
    prepare: beginsWith(),
    argv: cell => [...SPMI, 'load', descriptorOf(cell, 'old')],
    examine: examineLoad,
  },
  {
    name: 'reload of what has runs',
    prepare: beginsWith('ended'),
    argv: cell => [...SPMI, 'reload', descriptorOf(cell, 'new')],
    examine: examineReload,
  },
  {
    name: 'the first start',
    prepare: beginsWith('loaded'),
    argv: () => [...SPMI, 'start', ID],
    examine: examineStart,
  },
  {
    name: 'a later start',
    prepare: beginsWith('ended'),
    argv: () => [...SPMI, 'start', ID],
    examine: examineStart,
  },
  {
    name: 'stop',
    prepare: beginsWith('ended', true),
    argv: () => [...SPMI, 'stop', ID],
    examine: examineEnd('stop'),
  },
  {
    name: 'kill',
    prepare: beginsWith('ended', true),
    argv: () => [...SPMI, 'kill', ID],
    examine: examineEnd('kill'),
  },
  { name: 'clean', prepare: beginsWith('ended'), argv: () => [...SPMI, 'clean', ID], examine: examineClean },
  {
    name: 'prune',
    prepare: beginsWith('often ended'),
    argv: () => [...SPMI, 'prune', '--keep', '2', ID],
    examine: examinePrune,
  },
  {
    name: 'connect',
    prepare: beginsWith('ended', true),
    argv: () => [...SPMI, 'connect', ID],
    input: 'first line\n',
    examine: examineConnect,
  },
]

/** Examines what a command left, and goes on with the next case also when it was wrong. */
export async function judge(cell: Cell, scenario: Scenario, findings: Findings, what: string): Promise<void> {
  try {
    await scenario.examine(cell)
  } catch (error) {
    const isDamaged = error instanceof SpmiError && error.code === 'damaged' // what the store says of half a file
    const violation = isDamaged ? new Violation('torn', error.message) : error
    if (!(violation instanceof Violation)) throw violation
    findings[violation.kind].push(`${scenario.name}, ${what}: ${violation.message}`)
    await cell.spmi('kill', '.*')
  }
}

/** The script of a run, launched by hand: the wrapper. Its command ends by itself, with 3. */
export const WRAPPER: Scenario = {
  name: 'the wrapper',
  status: 3,
  prepare: async cell => {
    cell.restore('published')
    rmSync(cell.witness.path, { force: true })
  },
  argv: cell => ['/bin/sh', join(cell.pool.runDirectory(ID), 'run.sh')],
  examine: examineWrapper,
}

/** Makes a pool with a run that is ready to be launched: its start was killed right before. */
export async function furnishWrapper(cell: Cell): Promise<void> {
  const wrapper = { command: cell.witness.command('sleep 0.1; exit 3') }
  const path = cell.pool.write(
    'short.json',
    JSON.stringify({ task: { id: ID, backend: { type: 'native' }, wrapper } }),
  )
  cell.restore()
  await done(cell, 'load', path)
  cell.save('short')
  const { calls } = await trace(cell, [...SPMI, 'start', ID])
  const at = calls.filter(({ name }) => name === 'vfork').at(-1)
  if (at === undefined) throw new Error('a start that launches nothing')
  await until(() => cell.living().length === 0)
  cell.restore('short')
  await trace(cell, [...SPMI, 'start', ID], { at, fault: 'signal=KILL' })
  cell.save('published')
}

/** The exit code is the true one, or nobody claims to know it; the command has run once at most, and while it runs the task is active. */
async function examineWrapper(cell: Cell): Promise<void> {
  const isEnded = async () => {
    ageEmptyJournal(cell)
    return !(await cell.spmi('status', ID)).stdout.includes('Active: active')
  }
  await look(cell)
  await until(isEnded)
  if (cell.countRuns() > 0) throw new Violation('lies', 'it is inactive, and its command lives')
  const { stdout } = await cell.spmi('status', ID)
  const ends = cell.witness.ends()
  const isTrue = stdout.includes('Exit code: ')
    ? /Exit code: 3$/m.test(stdout) && ends.length === 1
    : /\((lost|start failed)/.test(stdout)
  if (!isTrue) throw new Violation('lies', `${ends.length} ends, and status says: ${stdout}`)
  if (cell.witness.begins().length > 1) throw new Violation('lies', 'its command was started twice')
  await expectNoProcesses(cell)
  await done(cell, 'start', ID)
  await until(
    () => cell.witness.begins().length === ends.length + 1 || cell.witness.ends().length > ends.length,
  )
  await cell.spmi('kill', ID)
  await expectNoProcesses(cell)
  await cleanUp(cell)
}

/** A journal that says nothing is given ten seconds; these have passed. */
function ageEmptyJournal(cell: Cell): void {
  const journal = join(cell.pool.runDirectory(ID), 'journal')
  const size = statSync(journal, { throwIfNoEntry: false })?.size
  if (size !== undefined && !/^claimed .*\n/.test(readFileSync(journal, 'utf8'))) utimesSync(journal, 1, 1)
}

/** A reload as one would write it without a thought: each file in place. */
export const NAIVE_RELOAD: Scenario = {
  name: 'a naive reload',
  prepare: beginsWith('ended'),
  argv: cell => {
    const store = PoolStore.open(cell.pool.path, '/')
    const change = (text = '') => text.replaceAll(/"old"/g, '"new"')
    const folder = join(cell.pool.folder, 'new')
    const files = [
      ['descriptor.json', readFileSync(descriptorOf(cell, 'new'), 'utf8')],
      ['manageable.json', change(store.readRecord(ID))],
      ['loaded', `${new Date().toISOString()}\n${folder}\n`],
    ].flatMap(([name = '', text = '']) => [join(cell.pool.path, ID, name), text])
    return ['sh', '-c', 'while [ $# -gt 0 ]; do printf %s "$2" >"$1"; shift 2; done', 'sh', ...files]
  },
  examine: examineReload,
}

/** The task is loaded whole or not at all, and loading goes on. */
async function examineLoad(cell: Cell): Promise<void> {
  const isLoaded = await look(cell)
  if (isLoaded) expectVersions(cell, ['old'])
  const again = await cell.spmi('load', descriptorOf(cell, 'old'))
  if (again.status !== (isLoaded ? 1 : 0)) complain('torn', 'the next load', again)
  if (isLoaded && !again.stderr.includes('already loaded')) complain('torn', 'the next load', again)
  await done(cell, 'reload', descriptorOf(cell, 'old'))
  expectVersions(cell, ['old'])
  expectNothingHidden(cell)
  await cleanUp(cell)
}

/** Descriptor, record and the rest are of one version, and the next reload brings the new one. */
async function examineReload(cell: Cell): Promise<void> {
  await look(cell)
  expectVersions(cell, ['old', 'new'])
  await done(cell, 'reload', descriptorOf(cell, 'new'))
  expectVersions(cell, ['new'])
  expectNothingHidden(cell)
  const { stdout } = await cell.spmi('history', ID)
  if (!/137 \(SIGKILL\)/.test(stdout)) throw new Violation('lies', `a run is not what it was: ${stdout}`)
  await cleanUp(cell)
}

/** At most one run; and the next start works, or says that the task is active. */
async function examineStart(cell: Cell): Promise<void> {
  await look(cell)
  expectVersions(cell, ['old'])
  const again = await cell.spmi('start', ID)
  if (again.status !== 0 && !(again.status === 1 && /is active|has just come/.test(again.stderr)))
    complain('torn', 'the next start', again)
  // What the first start has launched may just be coming.
  await expectOneRun(cell)
  const { stdout } = await cell.spmi('status', ID)
  if (!stdout.includes('Active: active')) throw new Violation('lies', `it runs, and status says: ${stdout}`)
  await done(cell, 'kill', ID)
  await expectNoProcesses(cell)
  await done(cell, 'start', ID)
  await expectOneRun(cell)
  await done(cell, 'kill', ID)
  expectNothingHidden(cell)
  await cleanUp(cell)
}

/** The task is active or has ended, and is told so; ending it goes on. */
function examineEnd(verb: 'stop' | 'kill') {
  return async (cell: Cell): Promise<void> => {
    await look(cell)
    const again = await cell.spmi(verb, ID)
    if (again.status !== 0 && !(again.status === 1 && again.stderr.includes('it is inactive')))
      complain('torn', `the next ${verb}`, again)
    await expectNoProcesses(cell)
    // Where the signal could not be noted, status says that it may have been an exit with that code as well.
    const { stdout } = await cell.spmi('status', ID)
    if (!/Exit code: (130 \(SIGINT|143 \(SIGTERM|137 \(SIGKILL)/.test(stdout))
      throw new Violation('lies', `after ${verb}: ${stdout}`)
    await done(cell, 'start', ID)
    await expectOneRun(cell)
    await done(cell, 'kill', ID)
    expectNothingHidden(cell)
    await cleanUp(cell)
  }
}

/** The task is there with its run, or gone. */
async function examineClean(cell: Cell): Promise<void> {
  const isThere = await look(cell)
  if (isThere) {
    expectVersions(cell, ['old'])
    const { stdout } = await cell.spmi('status', ID)
    if (!stdout.includes('Exit code: 137 (SIGKILL)'))
      throw new Violation('lies', `it is not cleaned: ${stdout}`)
    await done(cell, 'start', ID)
    await done(cell, 'kill', ID)
  }
  await cleanUp(cell, isThere)
  await done(cell, 'load', descriptorOf(cell, 'old'))
  expectNothingHidden(cell)
}

/** The runs that were to stay are there; each other one is, whole, or is gone; and the next prune removes what it is to. */
async function examinePrune(cell: Cell): Promise<void> {
  await look(cell)
  expectVersions(cell, ['old'])
  const kept = listRunNumbers(cell)
  if (!kept.includes(RUNS) || !kept.includes(RUNS - 1)) throw new Violation('lies', `runs ${kept} are left`)
  const { stdout } = await cell.spmi('history', ID)
  if (stdout.match(/137 \(SIGKILL\)/g)?.length !== kept.length)
    throw new Violation('torn', `runs ${kept} are left: ${stdout}`)
  await done(cell, 'prune', '--keep', '1', ID)
  if (listRunNumbers(cell).join() !== String(RUNS))
    throw new Violation('torn', `left: ${listRunNumbers(cell)}`)
  await done(cell, 'start', ID)
  await done(cell, 'kill', ID)
  expectNothingHidden(cell)
  await cleanUp(cell)
}

function listRunNumbers(cell: Cell): number[] {
  const names = readdirSync(join(cell.pool.path, ID, 'runs')).filter(name => /^\d+$/.test(name))
  return names.map(Number)
}

/** What was sent is there whole or not at all, and the next line comes after it. */
async function examineConnect(cell: Cell): Promise<void> {
  await look(cell)
  await expectOneRun(cell)
  const next = await cell.run([...SPMI, 'connect', ID], 'next line\n')
  if (next.status !== 0) complain('torn', 'the next connect', next)
  const read = () => readFileSync(inputOf(cell), 'utf8')
  await until(() => read().endsWith('next line\n'))
  if (!/^(first line\n)?next line\n$/.test(read())) throw new Violation('torn', `it was sent ${read()}`)
  await done(cell, 'kill', ID)
  await expectNoProcesses(cell)
  await cleanUp(cell)
}

/** list and status answer, whatever happened. @returns whether the task is loaded */
async function look(cell: Cell): Promise<boolean> {
  const list = await cell.spmi('list')
  if (list.status !== 0 || list.stderr.includes('ERROR')) complain('torn', 'list', list)
  const isLoaded = new RegExp(`^${ID} `, 'm').test(list.stdout)
  const status = await cell.spmi('status', ID)
  const isSaid = isLoaded
    ? status.stdout.includes('Active: ')
    : status.status === 1 && /Nothing to show|No ID matches/.test(status.stderr)
  if (!isSaid || status.stderr.includes('ERROR')) complain('torn', 'status', status)
  expectAtMostOneRun(cell)
  return isLoaded
}

/** The descriptor, the record and the folder from which it came are of one version. */
function expectVersions(cell: Cell, allowed: readonly Version[]): void {
  const store = PoolStore.open(cell.pool.path, '/')
  const descriptor = store.readDescriptor(ID)?.text
  const found = JSON.stringify([
    ['record', /"comment": "(\w+)"/.exec(store.readRecord(ID) ?? '')?.[1]],
    ['descriptor', /"comment": "(\w+)"/.exec(descriptor ?? '')?.[1]],
    ['folder', store.readFolder(ID)?.split('/').at(-1)],
    [
      'bytes',
      (['old', 'new'] as const).find(
        version => descriptor === readFileSync(descriptorOf(cell, version), 'utf8'),
      ),
    ],
    ['time', store.readLoadTime(ID) === undefined ? undefined : 'known'],
  ])
  const whole = (version: Version) =>
    JSON.stringify([
      ...['record', 'descriptor', 'folder', 'bytes'].map(part => [part, version]),
      ['time', 'known'],
    ])
  if (!allowed.some(version => found === whole(version))) throw new Violation('torn', found)
}

function expectAtMostOneRun(cell: Cell): void {
  const count = cell.countRuns()
  if (count > 1) throw new Violation('lies', `${count} runs of one task live`)
}

/** A start is believed a moment before the command bears its mark. */
async function expectOneRun(cell: Cell): Promise<void> {
  await until(() => cell.countRuns() > 0).catch(() => {
    throw new Violation('lies', 'no run lives')
  })
  expectAtMostOneRun(cell)
}

/** Nothing of the cell lives on: wrappers may be about to end. */
async function expectNoProcesses(cell: Cell): Promise<void> {
  await until(() => cell.living().length === 0).catch(() => {
    throw new Violation('survivors', cell.living().join(', '))
  })
}

function expectNothingHidden(cell: Cell): void {
  const left = cell.leftovers()
  if (left.length > 0) throw new Violation('torn', `left over: ${left.join(', ')}`)
}

/** The task can be cleaned, and nothing but the pool's own folder is left. */
async function cleanUp(cell: Cell, isThere = true): Promise<void> {
  if (isThere) await done(cell, 'clean', ID)
  await done(cell, 'load', descriptorOf(cell, 'old'))
  await done(cell, 'clean', ID)
  const left = readdirSync(cell.pool.path, { recursive: true, encoding: 'utf8' }).sort()
  if (left.join() !== '.spmi,.spmi/format,.spmi/plugins') throw new Violation('torn', `left over: ${left}`)
}

async function done(cell: Cell, ...argv: readonly string[]): Promise<void> {
  const outcome = await cell.spmi(...argv)
  if (outcome.status !== 0) complain('torn', argv.join(' '), outcome)
}

function complain(kind: keyof Findings, what: string, { status, stdout, stderr }: Outcome): never {
  throw new Violation(kind, `${what}: ${status} ${stdout}${stderr}`)
}
