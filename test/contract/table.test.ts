/**
 * The table of promises in docs/guide/backends.md has a row for each promise of the contract, and says of each backend what
 * skips.ts says. What it should be is printed when it is not.
 */
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import * as contract from './contract.ts'
import * as signalling from './signalling.ts'
import { SKIPS } from './skips.ts'

const ROOT = resolve(import.meta.dir, '../..')

function parse(path: string): ts.SourceFile {
  const text = readFileSync(path, 'utf8')
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

function findAll<T extends ts.Node>(tree: ts.Node, isWanted: (node: ts.Node) => node is T): T[] {
  const found = isWanted(tree) ? [tree] : []
  tree.forEachChild(child => {
    found.push(...findAll(child, isWanted))
  })
  return found
}

/** The first argument of each `test(…)` of the contract: a text, a name that is exported there, or the head of a template. */
function listPromises(): string[] {
  const names: Readonly<Record<string, unknown>> = { ...contract, ...signalling }
  return ['contract.ts', 'signalling.ts']
    .flatMap(file => findAll(parse(join(import.meta.dir, file)), ts.isCallExpression))
    .filter(({ expression }) => expression.getText() === 'test')
    .map(({ arguments: [promise] }) => {
      if (promise !== undefined && ts.isStringLiteralLike(promise)) return promise.text
      if (promise !== undefined && ts.isTemplateExpression(promise)) return `${promise.head.text}…`
      return String(names[promise?.getText() ?? ''])
    })
}

const PROMISES = listPromises()
const SCENARIOS: [string, contract.Skips][] = Object.entries(SKIPS)

test('each promise is read, and no two are the same', () => {
  expect(PROMISES.length).toBeGreaterThan(20)
  expect(PROMISES).not.toContain('undefined')
  expect(new Set(PROMISES).size).toBe(PROMISES.length)
})

test('what is skipped is a promise, and has a reason', () => {
  for (const [, skips] of SCENARIOS) {
    expect(PROMISES).toEqual(expect.arrayContaining(Object.keys(skips)))
    for (const reason of Object.values(skips)) expect(reason).toMatch(/^[^|\n]{15,}$/)
  }
})

test('no backend skips anything that is not in the list of skips', () => {
  const files = readdirSync(import.meta.dir).filter(name => name.endsWith('.test.ts'))
  const skips = files.flatMap(name =>
    findAll(parse(join(import.meta.dir, name)), ts.isPropertyAssignment)
      .filter(property => property.name.getText() === 'skips')
      .map(property => property.initializer.getText()),
  )
  expect(skips.length).toBeGreaterThanOrEqual(SCENARIOS.length)
  for (const each of skips) expect(each).toStartWith('SKIPS')
})

test('the guide says of each promise which backend keeps it, and why another one does not', () => {
  const cell = (skips: contract.Skips, promise: string) => skips[promise] ?? 'yes'
  const rows = [
    ['', ...SCENARIOS.map(([name]) => name.replace(/^\w+/, '`$&`'))],
    ['---', ...SCENARIOS.map(() => '---')],
    ...PROMISES.map(promise => [promise, ...SCENARIOS.map(([, skips]) => cell(skips, promise))]),
  ]
  const table = rows.map(cells => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')).join('\n')
  const page = readFileSync(join(ROOT, 'docs/guide/backends.md'), 'utf8')
  const [, section = ''] = page.split('## What each backend promises\n')
  const shown = section.split('\n').filter(line => line.startsWith('|'))
  expect(shown.join('\n')).toBe(table)
})
