/**
 * The architecture, one rule per test, each with its sentence. Imports are read by the TypeScript parser, so that neither
 * comments nor strings deceive it. What is broken is listed as `file: what`.
 */
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'

const ROOT = resolve(import.meta.dir, '..')
const SRC = join(ROOT, 'src')

interface Import {
  /** A path below src/ ("core/id.ts") for our own files, the specifier for all else. */
  readonly target: string
  readonly isOwn: boolean
  readonly isDynamic: boolean
  readonly names: readonly string[]
}

interface SourceFile {
  /** Below src/. */
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? listFiles(path) : [path]
  })
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, child => visit(child, see))
}

function readImports(path: string, tree: ts.SourceFile): Import[] {
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, isDynamic: boolean, names: readonly string[] = []) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const isOwn = specifier.text.startsWith('.')
    const target = isOwn ? relative(SRC, resolve(SRC, dirname(path), specifier.text)) : specifier.text
    imports.push({ target, isOwn, isDynamic, names })
  }
  visit(tree, node => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings
      const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : []
      add(
        node.moduleSpecifier,
        false,
        elements.map(element => (element.propertyName ?? element.name).text),
      )
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, false)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], true)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, false)
  })
  return imports
}

const FILES: readonly SourceFile[] = listFiles(SRC)
  .filter(file => file.endsWith('.ts'))
  .map(file => {
    const path = relative(SRC, file)
    const text = readFileSync(file, 'utf8')
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    return { path, text, tree, imports: readImports(path, tree) }
  })

/** The room of a file: the longest of these that its path begins with. */
const ROOMS = [
  'index.ts',
  'pool.ts',
  'errors.ts',
  'cli/',
  'verbs/',
  'core/',
  'store/',
  'system/',
  'manageables/',
  'manageables/task/',
  'manageables/task/backends/',
  'manageables/task/wrappers/',
] as const

function roomOf(path: string): string {
  return ROOMS.filter(room => path.startsWith(room)).toSorted((a, b) => b.length - a.length)[0] ?? path
}

const filesOf = (...rooms: readonly string[]) => FILES.filter(({ path }) => rooms.includes(roomOf(path)))

/** Imports of our own files from some rooms that are neither from there nor allowed. */
function straysOf(room: string, ...allowed: readonly string[]): string[] {
  return filesOf(room).flatMap(({ path, imports }) =>
    imports
      .filter(({ isOwn, target }) => isOwn && roomOf(target) !== room)
      .filter(
        ({ target }) =>
          !allowed.some(name => (name.endsWith('.ts') ? target === name : roomOf(target) === name)),
      )
      .map(({ target }) => `${path}: imports ${target}`),
  )
}

/** Uses of a module outside of where it may be used. */
function usersOf(modules: readonly string[], isAllowed: (path: string, used: Import) => boolean): string[] {
  return FILES.flatMap(({ path, imports }) =>
    imports
      .filter(used => modules.includes(used.target) && !isAllowed(path, used))
      .map(({ target }) => `${path}: imports ${target}`),
  )
}

/** The classes of one kind: file name without ending → class name. */
function classesOf(room: string, kind: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const { path, tree } of filesOf(room))
    visit(tree, node => {
      if (!ts.isClassDeclaration(node) || node.name === undefined) return
      const parents = node.heritageClauses?.flatMap(clause =>
        clause.types.map(type => type.expression.getText(tree)),
      )
      if (parents?.some(parent => parent.endsWith(kind))) found.set(basename(path, '.ts'), node.name.text)
    })
  return found
}

const outsiders = FILES.filter(({ path }) => roomOf(path) !== 'manageables/task/backends/')

const BACKENDS = classesOf('manageables/task/backends/', 'Backend')
const WRAPPERS = classesOf('manageables/task/wrappers/', 'Wrapper')

test('the rules below see the files, the imports and the classes', () => {
  expect(FILES.length).toBeGreaterThan(40)
  expect(FILES.flatMap(({ imports }) => imports).filter(({ isDynamic }) => isDynamic).length).toBeGreaterThan(
    10,
  )
  expect([...BACKENDS.keys()]).toEqual(expect.arrayContaining(['native', 'screen']))
  expect([...WRAPPERS.keys()]).toEqual(['default', 'terminal'])
})

describe('who may import whom', () => {
  test('every file is in a room that has a rule', () => {
    const strangers = FILES.filter(({ path }) => !ROOMS.some(room => path.startsWith(room)))
    expect(strangers.map(({ path }) => path)).toEqual(['text-modules.d.ts'])
  })

  test('errors.ts imports nothing of ours, so that everybody may import it', () => {
    expect(straysOf('errors.ts')).toEqual([])
  })

  test('system knows nothing but errors', () => {
    expect(straysOf('system/', 'errors.ts')).toEqual([])
  })

  test('store imports system and errors', () => {
    expect(straysOf('store/', 'system/', 'errors.ts')).toEqual([])
  })

  test('core imports store, system and errors: it knows no kind of manageable, no verb and no words', () => {
    expect(straysOf('core/', 'store/', 'system/', 'errors.ts')).toEqual([])
  })

  test('the list of kinds imports the kinds and core', () => {
    expect(straysOf('manageables/', 'manageables/task/', 'core/')).toEqual([])
  })

  test('a task imports its backends and wrappers, core, store, system and errors', () => {
    const parts = ['manageables/task/backends/', 'manageables/task/wrappers/']
    expect(straysOf('manageables/task/', ...parts, 'core/', 'store/', 'system/', 'errors.ts')).toEqual([])
  })

  test('backends import system, the registry and errors: plain values only, and never our files', () => {
    expect(straysOf('manageables/task/backends/', 'system/', 'core/registry.ts', 'errors.ts')).toEqual([])
  })

  test('wrappers import core, store, system and errors, but neither the task nor its backends', () => {
    expect(straysOf('manageables/task/wrappers/', 'core/', 'store/', 'system/', 'errors.ts')).toEqual([])
  })

  test('verbs import the list of kinds, core, store, system and errors, but no words of the command line', () => {
    expect(straysOf('verbs/', 'manageables/', 'core/', 'store/', 'system/', 'errors.ts')).toEqual([])
  })

  test('the command line imports verbs, core, system and errors; the door only to let plug-ins in', () => {
    const strays = straysOf('cli/', 'verbs/', 'core/', 'system/', 'errors.ts')
    const isManifest = (stray: string) => stray.endsWith('/package.json')
    expect(strays.filter(stray => !isManifest(stray))).toEqual(['cli/main.ts: imports index.ts'])
  })

  test("the library's pool imports verbs and the types of core", () => {
    expect(straysOf('pool.ts', 'verbs/', 'core/', 'errors.ts')).toEqual([])
  })

  test('nobody imports the command line', () => {
    const importers = FILES.filter(({ path }) => roomOf(path) !== 'cli/')
    expect(
      importers.flatMap(({ imports }) => imports).filter(({ target }) => roomOf(target) === 'cli/'),
    ).toEqual([])
  })

  test('index.ts is a door: it re-exports, and declares nothing of its own', () => {
    const [door] = filesOf('index.ts')
    const declarations = door?.tree.statements.filter(
      statement =>
        !ts.isExportDeclaration(statement) &&
        !ts.isImportDeclaration(statement) &&
        !ts.isExpressionStatement(statement),
    )
    expect(declarations?.map(statement => statement.getText())).toEqual([])
  })
})

describe('who may touch what', () => {
  test('node:fs belongs to store and system', () => {
    const users = usersOf(['fs', 'node:fs', 'fs/promises', 'node:fs/promises'], path =>
      ['store/', 'system/'].includes(roomOf(path)),
    )
    expect(users).toEqual([])
  })

  test('child_process belongs to system', () => {
    expect(usersOf(['child_process', 'node:child_process'], path => roomOf(path) === 'system/')).toEqual([])
  })

  test("the process's arguments, environment, directory, input and end belong to the command line and to defaults", () => {
    const own = [
      'argv',
      'env',
      'cwd',
      'chdir',
      'exit',
      'exitCode',
      'stdin',
      'stdout',
      'stderr',
      'umask',
      'on',
    ]
    const isAllowed = (path: string) => roomOf(path) === 'cli/' || ['verbs/open.ts', 'pool.ts'].includes(path)
    const users = FILES.filter(({ path }) => !isAllowed(path)).flatMap(({ path, tree, imports }) => {
      const found = imports
        .filter(({ target }) => target === 'node:process' || target === 'process')
        .flatMap(({ names }) => names.filter(name => own.includes(name)))
      visit(tree, node => {
        const isProcess =
          ts.isPropertyAccessExpression(node) &&
          ['process', 'globalThis.process'].includes(node.expression.getText(tree)) &&
          own.includes(node.name.text)
        if (isProcess) found.push(node.getText(tree))
      })
      return found.map(what => `${path}: ${what}`)
    })
    expect(users).toEqual([])
  })

  test('the console belongs to nobody: words go through the streams of the context', () => {
    const users = FILES.filter(({ tree }) => {
      let isUser = false
      visit(tree, node => {
        isUser ||= ts.isPropertyAccessExpression(node) && node.expression.getText(tree) === 'console'
      })
      return isUser
    })
    expect(users.map(({ path }) => path)).toEqual([])
  })

  test('the parsers of formats belong to core/syntax.ts, which imports them when it needs them', () => {
    const parsers = ['smol-toml', 'yaml']
    expect(usersOf(parsers, (path, { isDynamic }) => path === 'core/syntax.ts' && isDynamic)).toEqual([])
    const [syntax] = FILES.filter(({ path }) => path === 'core/syntax.ts')
    expect(syntax?.imports.map(({ target }) => target)).toEqual(expect.arrayContaining(parsers))
  })

  test('outside of backends/ no identifier and no literal is the name of a backend', () => {
    const names = [...BACKENDS.keys()].map(name => name.replaceAll('-', '_'))
    const isNaming = (text: string) =>
      names.includes(text.toLowerCase()) || [...BACKENDS.values()].some(name => text.includes(name))
    const isLiteral = (node: ts.Node): node is ts.LiteralLikeNode =>
      ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
    const namings = outsiders.flatMap(({ path, tree }) => {
      const found: string[] = []
      visit(tree, node => {
        const isName = ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || isLiteral(node)
        if (isName && isNaming(node.text.trim().replace(/^#/, ''))) found.push(node.getText(tree))
      })
      return found.map(what => `${path}: ${what}`)
    })
    expect(namings.filter(naming => !/^index\.ts: \w+Backend$/.test(naming))).toEqual([]) // the public door
  })

  test('outside of backends/ nobody imports the module of one backend, but the public door', () => {
    const importers = outsiders.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => roomOf(target) === 'manageables/task/backends/')
        .filter(({ target }) => !['backend', 'index'].includes(basename(target, '.ts')))
        .map(({ target }) => `${path}: imports ${target}`),
    )
    expect(importers.filter(importer => !importer.startsWith('index.ts: '))).toEqual([])
  })
})

describe('what every file is like', () => {
  const all = listFiles(SRC)
  const names = all.map(file => relative(SRC, file))

  test('no file is longer than 260 lines', () => {
    const long = all.map(
      file => [relative(SRC, file), readFileSync(file, 'utf8').split('\n').length - 1] as const,
    )
    expect(long.filter(([, lines]) => lines > 260)).toEqual([])
  })

  test('file names are in kebab-case, and say what is inside', () => {
    const wrong = names.filter(
      name => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(ts|sh|bash|zsh|fish)$/.test(basename(name)),
    )
    expect(wrong).toEqual([])
    expect(names.filter(name => /\b(utils?|helpers?|common|managers?|handlers?|misc)\b/.test(name))).toEqual(
      [],
    )
  })

  test('nothing is exported as default', () => {
    const found = FILES.filter(({ path }) => path !== 'text-modules.d.ts').filter(({ tree }) => {
      let isDefault = false
      visit(tree, node => {
        isDefault ||=
          ts.isExportAssignment(node) ||
          (node.kind === ts.SyntaxKind.DefaultKeyword && node.parent.kind !== ts.SyntaxKind.DefaultClause) ||
          (ts.isExportSpecifier(node) && node.name.text === 'default')
      })
      return isDefault
    })
    expect(found.map(({ path }) => path)).toEqual([])
  })

  test('nothing is left to be done', () => {
    const found = all.filter(file => /\b(TODO|FIXME|XXX|HACK)\b/.test(readFileSync(file, 'utf8')))
    expect(found.map(file => relative(SRC, file))).toEqual([])
  })

  test('each begins by saying what it is for', () => {
    const silent = all.filter(file => !/^(#![^\n]*\n)?(\n)?(\/\*\*|#)/.test(readFileSync(file, 'utf8')))
    expect(silent.map(file => relative(SRC, file))).toEqual([])
  })

  test('a file that holds a backend or a wrapper is named for it', () => {
    const pascal = (name: string) =>
      name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    for (const [name, className] of BACKENDS) expect(className).toBe(`${pascal(name)}Backend`)
    for (const [name, className] of WRAPPERS) expect(className).toBe(`${pascal(name)}Wrapper`)
  })
})

describe('what belongs to a file', () => {
  const missing = (paths: readonly string[]) => paths.filter(path => !existsSync(join(ROOT, path)))

  test('every backend is in the list of backends, and every wrapper in that of wrappers', () => {
    const listed = (list: string) =>
      FILES.find(({ path }) => path === list)?.imports.flatMap(({ names }) => names)
    expect(listed('manageables/task/backends/index.ts')).toEqual(
      expect.arrayContaining([...BACKENDS.values()]),
    )
    expect(listed('manageables/task/wrappers/index.ts')).toEqual(
      expect.arrayContaining([...WRAPPERS.values()]),
    )
  })

  test('every backend has a page in the guide', () => {
    expect(missing([...BACKENDS.keys()].map(name => `docs/guide/backends/${name}.md`))).toEqual([])
  })

  test('every wrapper has a page in the guide', () => {
    expect(missing([...WRAPPERS.keys()].map(name => `docs/guide/wrappers/${name}.md`))).toEqual([])
  })

  test('every backend passes the contract in a test of its own', () => {
    expect(missing([...BACKENDS.keys()].map(name => `test/contract/${name}.test.ts`))).toEqual([])
  })

  test('every wrapper has a test of its own', () => {
    const tests = [...WRAPPERS.keys()].map(name => `test/unit/manageables/task/wrappers/${name}.test.ts`)
    expect(missing(tests)).toEqual([])
  })

  test('every unit test is that of a file of src, and stands in the same place', () => {
    const tests = listFiles(join(ROOT, 'test/unit')).filter(file => file.endsWith('.test.ts'))
    const sources = tests.map(file => relative(join(ROOT, 'test/unit'), file).replace(/\.test\.ts$/, ''))
    const lost = sources.filter(
      source =>
        !existsSync(join(SRC, `${source}.ts`)) && !existsSync(join(SRC, source.replace(/-sh$/, '.sh'))),
    )
    expect(lost).toEqual([])
  })
})
