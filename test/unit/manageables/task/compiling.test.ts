import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { refuseId } from '../../../../src/core/id.ts'
import { MAX_NAME } from '../../../../src/manageables/task/backends/backend.ts'
import { nameRun } from '../../../../src/manageables/task/compiling.ts'
import { TaskManageable } from '../../../../src/manageables/task/task.ts'
import { PoolStore } from '../../../../src/store/pool-store.ts'
import { loadSha256 } from '../../../../src/system/sha256.ts'

function taskIn(pool: string, id: string): TaskManageable {
  const context = {
    store: PoolStore.open(pool, '/nowhere'),
    environment: {},
    home: '/',
    umask: 0,
    warn: () => {},
  }
  return new TaskManageable('task', { id, comment: '' }, context)
}

const sha256 = await loadSha256()
const nameOf = (id: string, number = 1, pool = 'pool') => nameRun(taskIn(pool, id), number, sha256)

describe('the name of a run', () => {
  test('shows what fits of the id', () => {
    expect(nameOf('cal')).toMatch(/^spmi-cal-[0-9a-f]{12}$/)
    expect(nameOf('train model/é.v2'.replace('/', ' '))).toMatch(/^spmi-train_model_v2-[0-9a-f]{12}$/)
    expect(nameOf('x'.repeat(200))).toMatch(/^spmi-x{24}-[0-9a-f]{12}$/)
  })

  test('is taken by every process manager, whatever the id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), id => {
        if (refuseId(id) === undefined)
          expect(nameOf(id)).toMatch(new RegExp(`^[A-Za-z0-9_-]{1,${MAX_NAME}}$`))
      }),
    )
  })

  test('is not longer than backends are told', () => {
    expect(nameOf('x'.repeat(200), 2 ** 31)).toHaveLength(MAX_NAME)
  })

  test('is the same for the same run, and another for another run, id or pool', () => {
    expect(nameOf('a')).toBe(nameOf('a'))
    const names = [
      nameOf('a'),
      nameOf('a', 2),
      nameOf('b'),
      nameOf('a', 1, 'other'),
      nameOf('a b'),
      nameOf('a.b'),
      nameOf('a:b'),
    ]
    expect(new Set(names).size).toBe(names.length)
  })

  test('is not the beginning of another one, which screen would take for it', () => {
    const names = Array.from({ length: 120 }, (_, index) => nameOf('a', index + 1))
    for (const name of names) expect(names.filter(other => other.startsWith(name))).toEqual([name])
  })
})
