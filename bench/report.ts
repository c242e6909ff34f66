/** What the benchmarks print: one table, the remarks, and a line that says on what machine
 * it was measured. */
import { closeSync, openSync } from 'node:fs'
import { availableParallelism, loadavg, release } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Comparison, comparePairs, findMedian, isOver } from './measure.ts'

const HEAD = ['SCENARIO', 'SUBJECT', 'MEDIAN', 'FLOOR', 'MEDIAN', 'RATIO', 'MIN-MAX', 'LIMIT', '']

/** The table of all comparisons. */
export function renderTable(comparisons: readonly Comparison[]): string {
  const rows = [HEAD, ...comparisons.map(renderRow)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function renderRow(comparison: Comparison): string[] {
  const { scenario, subject, floor, unit, limit } = comparison
  const pairs = comparePairs(comparison)
  const isDifference = limit?.of === 'difference'
  const show = (value: number): string =>
    isDifference ? `${value < 0 ? '' : '+'}${renderValue(value, unit)}` : value.toFixed(2)
  return [
    scenario,
    subject.label,
    renderValue(findMedian(subject.values), unit),
    floor.label,
    renderValue(findMedian(floor.values), unit),
    show(findMedian(pairs)),
    `${show(Math.min(...pairs))} - ${show(Math.max(...pairs))}`,
    limit === undefined ? '' : `<= ${show(limit.most)}`,
    limit === undefined ? '' : isOver(comparison) ? 'over' : 'OK',
  ]
}

function renderValue(value: number, unit: Comparison['unit']): string {
  if (unit === 'processes') return String(value)
  if (unit === 'MB') return `${value.toFixed(3)} MB`
  return `${value.toFixed(Math.abs(value) < 100 ? 1 : 0)} ms`
}

/** The machine, the programs and the file system that everything depends on. @param folder where it was measured */
export function describeMachine(folder: string): string {
  const system = `${availableParallelism()} cores, Linux ${release()}, load ${loadavg()[0]?.toFixed(1)}`
  const programs = `node ${ask('node', '--version')}, bun v${Bun.version}, sh is ${describeShell()}`
  const cost = measureNewFile(folder).toFixed(3)
  const files = `${dirname(folder)} (${ask('stat', '-f', '-c', '%T', folder)}, ${cost} ms for a new file)`
  return `Machine: ${system}; ${programs}; files in ${files}`
}

/** Which program sh is. dash does not tell its version, but its package does. */
function describeShell(): string {
  const name = basename(ask('readlink', '-f', '/bin/sh'))
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg-query
  const version = Bun.which('dpkg-query') === null ? '' : ask('dpkg-query', '-W', '-f', '${Version}', name)
  return `${name} ${version}`.trim()
}

/** What a program prints. */
function ask(...argv: string[]): string {
  return Bun.spawnSync(argv).stdout.toString().trim()
}

/** Milliseconds that the making of a file takes: the floors make none, so a slow file system is felt in the ratios. */
function measureNewFile(folder: string): number {
  const begin = performance.now()
  for (let file = 0; file < NEW_FILES; file++) closeSync(openSync(join(folder, `new-${file}`), 'wx'))
  return (performance.now() - begin) / NEW_FILES
}

const NEW_FILES = 500
