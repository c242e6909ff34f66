import { beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { isManageableClass, type ManageableClass, manageable } from '../../../src/core/manageable-class.ts'
import { Registry, toPascalCase } from '../../../src/core/registry.ts'
import { Backend, type BackendClass, isBackendClass } from '../../../src/manageables/task/backends/backend.ts'
import { TaskManageable } from '../../../src/manageables/task/task.ts'
import { isWrapperClass, type WrapperClass } from '../../../src/manageables/task/wrappers/wrapper.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'
import '../../../src/index.ts' // says what "spmi" means in a plug-in
import { useFolder } from '../folder.ts'
import { refusal } from '../refusal.ts'

const folder = useFolder()

class OneBackend extends Backend {
  override async submit() {
    return []
  }
}
class SomeOtherBackend extends OneBackend {}

function makeRegistry(): Registry<BackendClass> {
  return new Registry<BackendClass>('Backend', { OneBackend, SomeOtherBackend }, isBackendClass)
}

let store: PoolStore

beforeEach(() => {
  mkdirSync(folder.join('pool', '.spmi', 'plugins'), { recursive: true, mode: 0o700 })
  store = PoolStore.open(folder.join('pool'), '/')
})

function plugIn(name: string, code: string): void {
  folder.write(`pool/.spmi/plugins/${name}`, code)
}

describe('the naming convention', () => {
  test('some_manageable_realisation is SomeManageableRealisation', () => {
    expect(toPascalCase('some_manageable_realisation')).toBe('SomeManageableRealisation')
    expect(toPascalCase('task')).toBe('Task')
    expect(toPascalCase('a1_2b')).toBe('A12b')
  })

  test('what is not lower case words joined by _ is no type name', () => {
    for (const type of [
      '',
      'Task',
      'aB',
      '_a',
      'a_',
      'a__b',
      '1a',
      'a-b',
      'a b',
      '../a',
      'a.b',
      'ä',
      '__proto__',
      'a\n',
    ])
      expect([type, toPascalCase(type)]).toEqual([type, undefined])
  })

  test('built-in classes are found by it', async () => {
    const registry = makeRegistry()
    expect(registry.get('one')).toBe(OneBackend)
    expect(registry.get('some_other')).toBe(SomeOtherBackend)
    expect(await registry.resolve('one', store)).toBe(OneBackend)
    expect(registry.get('backend')).toBeUndefined()
    expect(registry.listTypes(store)).toEqual(['one', 'some_other'])
  })

  test('no property of every object is taken for a class', () => {
    const registry = makeRegistry()
    for (const type of ['constructor', 'to_string', '__proto__']) expect(registry.get(type)).toBeUndefined()
    const empty = new Registry<BackendClass>('', {}, isBackendClass)
    expect(empty.get('object')).toBeUndefined()
  })
})

describe('plug-ins', () => {
  const BACKEND = (name: string) => `
    import { Backend } from 'spmi'
    export class ${name} extends Backend { async submit(jobs) { return jobs.map(() => ({ accepted: true })) } }`

  test('of each of the three kinds extend the running program’s own classes', async () => {
    plugIn('my-queue-backend.mjs', BACKEND('MyQueueBackend'))
    const backend = await makeRegistry().resolve('my_queue', store)
    expect(new backend('my_queue', {})).toBeInstanceOf(Backend)

    plugIn(
      'loud-wrapper.mjs',
      `import { Wrapper } from 'spmi'
      export class LoudWrapper extends Wrapper { async compile() {} describeCommand() {} planStop() {} }`,
    )
    const wrappers = new Registry<WrapperClass>('Wrapper', {}, isWrapperClass)
    expect(isWrapperClass(await wrappers.resolve('loud', store))).toBe(true)

    plugIn(
      'some-manageable-realisation-manageable.mjs',
      `import { Manageable, manageable } from 'spmi'
      export class SomeManageableRealisationManageable extends Manageable {}
      manageable()(SomeManageableRealisationManageable)`,
    )
    const kinds = new Registry<ManageableClass>('Manageable', { TaskManageable }, isManageableClass)
    expect((await kinds.resolve('some_manageable_realisation', store)).name).toBe(
      'SomeManageableRealisationManageable',
    )
  })

  test('may be written in TypeScript', async () => {
    plugIn(
      'typed-backend.ts',
      `import { Backend, type BackendJob } from 'spmi'
      export class TypedBackend extends Backend { async submit(jobs: readonly BackendJob[]) { return [] } }`,
    )
    expect((await makeRegistry().resolve('typed', store)).name).toBe('TypedBackend')
  })

  test('are listed among the types that exist, and suggested', async () => {
    plugIn('my-queue-backend.mjs', BACKEND('MyQueueBackend'))
    plugIn('notes.txt', '')
    plugIn('loud-wrapper.mjs', '')
    const registry = makeRegistry()
    expect(registry.listTypes(store)).toEqual(['one', 'some_other', 'my_queue'])
    expect((await refusal(() => registry.resolve('my_queu', store))).message).toBe(
      'unknown backend type "my_queu"; did you mean "my_queue"? (the backend types are "one", "some_other", "my_queue")',
    )
  })

  test('do not take the place of built-in classes', async () => {
    plugIn('one-backend.mjs', BACKEND('OneBackend'))
    expect(await makeRegistry().resolve('one', store)).toBe(OneBackend)
  })

  test('that export another name are refused', async () => {
    plugIn('odd-backend.mjs', BACKEND('StrangeBackend'))
    const error = await refusal(() => makeRegistry().resolve('odd', store))
    expect([error.code, error.message]).toEqual([
      'plugin',
      `the plug-in "${folder.join('pool/.spmi/plugins/odd-backend.mjs')}" does not export OddBackend`,
    ])
  })

  test('that export something else under the right name are refused', async () => {
    plugIn('odd2-backend.mjs', 'export class Odd2Backend {}')
    expect((await refusal(() => makeRegistry().resolve('odd2', store))).message).toEndWith(
      'exports a Odd2Backend that is not a Backend of this program',
    )
    plugIn(
      'bare-manageable.mjs',
      "import { Manageable } from 'spmi'\nexport class BareManageable extends Manageable {}",
    )
    const kinds = new Registry<ManageableClass>('Manageable', {}, isManageableClass)
    expect((await refusal(() => kinds.resolve('bare', store))).message).toEndWith(
      'it must extend Manageable and be decorated with manageable()',
    )
  })

  test('that cannot be imported are refused with the reason', async () => {
    plugIn('broken-backend.mjs', 'throw new Error("no such luck")')
    const error = await refusal(() => makeRegistry().resolve('broken', store))
    expect([error.code, error.message.includes('cannot be imported: no such luck')]).toEqual(['plugin', true])
  })

  test('a type name never leads out of the folder of plug-ins', async () => {
    folder.write('pool/evil-backend.mjs', 'globalThis.wasImported = true')
    for (const type of ['../../evil', '/evil', '..', 'a/../../../evil'])
      expect((await refusal(() => makeRegistry().resolve(type, store))).code).toBe('plugin')
    expect((globalThis as { wasImported?: boolean }).wasImported).toBeUndefined()
  })
})

describe('manageable()', () => {
  test('refuses a class that is not a child of Manageable', async () => {
    class Stranger {}
    const error = await refusal(() => manageable()(Stranger as unknown as ManageableClass))
    expect([error.code, error.message]).toEqual(['plugin', 'class Stranger is not a child of Manageable'])
  })

  test('makes the difference between a kind and any child of Manageable', () => {
    class Undecorated extends TaskManageable {}
    expect(isManageableClass(TaskManageable)).toBe(true)
    expect(isManageableClass(Undecorated)).toBe(false)
    expect(isManageableClass({})).toBe(false)
  })
})
