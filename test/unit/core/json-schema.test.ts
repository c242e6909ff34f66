import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { ID_PATTERN, refuseId } from '../../../src/core/id.ts'
import type { JsonSchema } from '../../../src/core/json-schema.ts'
import { Pool } from '../../../src/pool.ts'
import { ROOT } from '../../support/page.ts'
import { useFolder } from '../folder.ts'
import { isValid } from '../schema-oracle.ts'

const folder = useFolder()

const readSchema = async () => (await Pool.open({ path: folder.join('pool') })).schema()

// That it takes and refuses what load does is tested with every descriptor of descriptor.test.ts.
describe('the JSON Schema of descriptors', () => {
  test('takes every example', async () => {
    const names = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    const examples = names.filter(name => /\.(toml|ya?ml|json)$/.test(name))
    expect(examples.length).toBeGreaterThan(3)
    for (const name of examples) {
      const text = readFileSync(join(ROOT, 'examples', name), 'utf8')
      expect([name, await isValid(name, text)]).toEqual([name, true])
    }
  })

  test('takes parts of a plug-in that is not there, and refuses names that no type can have', async () => {
    const task = (backend: object) =>
      JSON.stringify({ task: { id: 'a', backend, wrapper: { command: 'x' } } })
    expect(await isValid('d.json', task({ type: 'own', level: 3 }))).toBe(true)
    expect(await isValid('d.json', task({ type: 'Own' }))).toBe(false)
    expect(await isValid('d.json', '{"own_kind": {"id": "a", "anything": 1}}')).toBe(true)
    expect(await isValid('d.json', '{"own-kind": {"id": "a"}}')).toBe(false)
  })

  test('describes every key', async () => {
    const silent: string[] = []
    const visit = (path: string, schema: JsonSchema) => {
      const alternatives = (schema['allOf'] ?? []) as readonly { readonly then: JsonSchema }[]
      for (const { then } of alternatives) visit(`${path}(${then.properties?.['type']?.const})`, then)
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        const isOfAlternatives = key === 'type' && alternatives.length > 0
        if (!inner.description && !isOfAlternatives) silent.push(`${path}.${key}`)
        visit(`${path}.${key}`, inner)
      }
    }
    visit('', await readSchema())
    expect(silent).toEqual([])
  })

  test('has patterns that other engines read: no escapes but those of all of them', async () => {
    const patterns = JSON.stringify(await readSchema()).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)
    const texts = [...patterns].map(([, text = '']) => JSON.parse(text) as string)
    expect(texts.length).toBeGreaterThan(5)
    for (const text of texts)
      expect(text.replaceAll(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|n)/g, '')).not.toContain('\\')
  })
})

test('the pattern of ids says what load says of them', () => {
  const text = fc.string({ unit: fc.constantFrom(...'a-./\n\0\x7f\x9f\u2028ä🦊 '), maxLength: 5 })
  fc.assert(
    fc.property(text, id => {
      expect([id, ID_PATTERN.test(id)]).toEqual([id, refuseId(id) === undefined])
    }),
    { numRuns: 2000 },
  )
})
