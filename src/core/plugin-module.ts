/**
 * What `import … from 'spmi'` means in a plug-in: the running program's own classes, so that `instanceof` holds. In
 * the executable it is a virtual module; under Node a resolve hook leads to the exports, which wait under a global
 * symbol. The exports are handed in by the public door, because this room must not import upwards.
 */

type Exports = Readonly<Record<string, unknown>>

const KEY = Symbol.for('spmi.exports')

let loadExports: (() => Promise<Exports>) | undefined
let provided: Promise<void> | undefined

/** Says where the public exports come from. Called once, by whoever knows the public door. */
export function setPublicModule(load: () => Promise<Exports>): void {
  loadExports = load
}

/** Makes `spmi` importable for plug-ins. The first call does it. */
export function providePublicModule(): Promise<void> {
  provided ??= provide()
  return provided
}

interface BunApi {
  plugin(options: {
    name: string
    setup(build: { module(name: string, load: () => { exports: Exports; loader: 'object' }): void }): void
  }): void
}

async function provide(): Promise<void> {
  const exports = (await loadExports?.()) ?? {}
  const { Bun } = globalThis as { Bun?: BunApi }
  if (Bun) {
    Bun.plugin({
      name: 'spmi',
      setup: build => build.module('spmi', () => ({ exports, loader: 'object' })),
    })
    return
  }
  Object.assign(globalThis, { [KEY]: exports })
  const { register } = await import('node:module')
  register(toModuleUrl(RESOLVE_HOOK(toModuleUrl(listExports(Object.keys(exports))))))
}

function listExports(names: readonly string[]): string {
  return `export const { ${names.join(', ')} } = globalThis[Symbol.for('spmi.exports')]`
}

/** A module of resolve hooks. Source: https://nodejs.org/docs/latest-v20.x/api/module.html#hooks */
const RESOLVE_HOOK = (target: string) => `
export async function resolve(specifier, context, next) {
  return specifier === 'spmi' ? { url: ${JSON.stringify(target)}, shortCircuit: true } : next(specifier, context)
}`

function toModuleUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}
