/**
 * Type names become classes: `some_name` → `SomeName` + the kind ("Manageable", "Backend", "Wrapper"). The class
 * is looked up by that name in the built-in room, then in the pool's plug-ins, where each module holds one class
 * and is named for it: `some-name-backend.mjs`. TypeScript modules work where the running program can import them.
 */
import { join } from 'node:path'
import { SpmiError } from '../errors.ts'
import { listDirectory } from '../store/files.ts'
import { poolFiles } from '../store/layout.ts'
import { refuseProgram } from '../store/pool-access.ts'
import type { PoolStore } from '../store/pool-store.ts'
import { providePublicModule } from './plugin-module.ts'
import { suggest } from './suggest.ts'

const ENDINGS = ['.mjs', '.js', '.ts', '.mts']

/** What a type name is like. */
export const TYPE_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

/** `some_name` → `SomeName`; undefined when it is not a type name. */
export function toPascalCase(type: string): string | undefined {
  if (!TYPE_NAME.test(type)) return undefined
  return type.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Finds the classes of one kind by their type names. */
export class Registry<Class> {
  readonly #kind: string
  readonly #builtins: Readonly<Record<string, Class>>
  readonly #isClass: (value: unknown) => value is Class
  readonly #known = new Map<string, Class>()

  /**
   * @param kind the ending of the class names
   * @param builtins the built-in classes by their names
   * @param isClass whether what a plug-in exports is a class of this kind
   */
  constructor(
    kind: string,
    builtins: Readonly<Record<string, Class>>,
    isClass: (value: unknown) => value is Class,
  ) {
    this.#kind = kind
    this.#builtins = builtins
    this.#isClass = isClass
  }

  /** The type names whose classes are at hand: built in, or resolved before. */
  listKnown(): string[] {
    return [...new Set([...this.#listBuiltin(), ...this.#known.keys()])]
  }

  /** The type names that exist, built in and plugged in. */
  listTypes(store: PoolStore): string[] {
    const suffix = `-${this.#kind.toLowerCase()}`
    const plugged = (listDirectory(poolFiles(store.path).plugins) ?? [])
      .map(file => file.slice(0, file.lastIndexOf('.')))
      .filter(name => name.endsWith(suffix))
      .map(name => name.slice(0, -suffix.length).replaceAll('-', '_'))
    return [...this.#listBuiltin(), ...plugged]
  }

  #listBuiltin(): string[] {
    return Object.keys(this.#builtins).map(name => toSnakeCase(name.slice(0, -this.#kind.length)))
  }

  /** A class that is built in or has been resolved before. */
  get(type: string): Class | undefined {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    const name = toPascalCase(type)
    const found = name === undefined ? undefined : this.#builtins[name + this.#kind]
    if (found !== undefined) this.#known.set(type, found)
    return found
  }

  /** A class that is known to be resolved; anything else is a bug. */
  require(type: string): Class {
    const found = this.get(type)
    if (found === undefined) throw new Error(`${this.#kind} type "${type}" was not resolved`)
    return found
  }

  /**
   * The class of a type name.
   * @throws SpmiError `plugin` when there is none, or when its module cannot be imported
   */
  async resolve(type: string, store: PoolStore): Promise<Class> {
    const known = this.get(type)
    if (known !== undefined) return known
    const file = this.#findModule(type, store)
    if (file === undefined) throw this.#explainUnknown(type, store, 'plugin')
    const refusal = refuseProgram(store.path, file)
    if (refusal !== undefined)
      throw new SpmiError('plugin', `the plug-in "${file}" is not run: it ${refusal}`)
    const found = await this.#importClass(file, `${toPascalCase(type)}${this.#kind}`)
    this.#known.set(type, found)
    return found
  }

  /** Refuses a type name on the command line that nothing bears. @throws SpmiError `usage` */
  refuseUnknown(type: string, store: PoolStore): void {
    if (!this.listTypes(store).includes(type)) throw this.#explainUnknown(type, store, 'usage')
  }

  #findModule(type: string, store: PoolStore): string | undefined {
    if (toPascalCase(type) === undefined) return undefined
    const directory = poolFiles(store.path).plugins
    const stem = `${type.replaceAll('_', '-')}-${this.#kind.toLowerCase()}`
    const files = listDirectory(directory) ?? []
    const ending = ENDINGS.find(candidate => files.includes(stem + candidate))
    return ending === undefined ? undefined : join(directory, stem + ending)
  }

  async #importClass(file: string, className: string): Promise<Class> {
    await providePublicModule()
    const { pathToFileURL } = await import('node:url') // which no other command needs
    let exports: Record<string, unknown>
    try {
      exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    } catch (error) {
      if (error instanceof SpmiError) throw error
      throw new SpmiError('plugin', `the plug-in "${file}" cannot be imported: ${(error as Error).message}`, {
        cause: error,
      })
    }
    const found = exports[className]
    if (this.#isClass(found)) return found
    const reason =
      found === undefined
        ? `does not export ${className}`
        : `exports a ${className} that is not a ${this.#kind} of this program`
    const hint =
      this.#kind === 'Manageable' ? 'it must extend Manageable and be decorated with manageable()' : undefined
    throw new SpmiError('plugin', `the plug-in "${file}" ${reason}`, { hint })
  }

  #explainUnknown(type: string, store: PoolStore, code: 'plugin' | 'usage'): SpmiError {
    const types = this.listTypes(store)
    const known = `the ${this.#kind.toLowerCase()} types are ${types.map(name => `"${name}"`).join(', ')}`
    const suggestion = suggest(type, types)
    return new SpmiError(code, `unknown ${this.#kind.toLowerCase()} type "${type}"`, {
      hint: suggestion === undefined ? known : `${suggestion} (${known})`,
    })
  }
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter, at: number) => (at === 0 ? '' : '_') + letter.toLowerCase())
}
