/** What an editor would say of a descriptor: the JSON Schema, as Ajv understands it. */
import { extname } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { Pool } from '../../src/pool.ts'

let validator: Promise<ValidateFunction> | undefined

/** Whether the schema takes the content of a descriptor; undefined when it cannot be parsed. */
export async function isValid(name: string, content: string): Promise<boolean | undefined> {
  validator ??= compile()
  const validate = await validator
  const value = parse(name, content)
  return value === undefined ? undefined : validate(value)
}

async function compile(): Promise<ValidateFunction> {
  const pool = await Pool.open({ path: '/nonexistent/pool' })
  // Strict, so that a keyword that is misspelt is an error; unions of types are wanted.
  const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, validateFormats: true })
  return ajv.compile(await pool.schema())
}

function parse(name: string, content: string): unknown {
  const text = content.replace(/^\ufeff/, '')
  try {
    if (extname(name).toLowerCase() === '.toml') return withoutDates(parseToml(text))
    return extname(name) === '.json' ? JSON.parse(text) : parseYaml(text)
  } catch {
    return undefined
  }
}

/** JSON has no dates: those of TOML are texts for a schema. */
function withoutDates(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(withoutDates)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutDates(each)]))
}
