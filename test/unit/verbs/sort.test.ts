import { describe, expect, test } from 'bun:test'
import type { Manageable } from '../../../src/core/manageable.ts'
import type { Inspected } from '../../../src/verbs/inspect.ts'
import { type SortKey, sortInspected } from '../../../src/verbs/sort.ts'

const at = (seconds: number) => new Date(seconds * 1000)
const usage = (cpuTime: number, memory: number) => ({ processes: 1, cpuTime, memory })

/** `new` was never started, `ran` has ended, `busy` and `idle` are active. */
const ONES = [
  {
    id: 'busy',
    state: 'active',
    since: at(3),
    facts: { backendType: 'screen', pid: 9 },
    duration: 10,
    usage: usage(5, 1),
  },
  {
    id: 'idle',
    state: 'active',
    since: at(1),
    facts: { backendType: 'native', pid: 5 },
    duration: 100,
    usage: usage(6, 7),
  },
  { id: 'new', state: 'inactive', since: undefined, facts: {}, duration: undefined, usage: undefined },
  {
    id: 'ran',
    state: 'inactive',
    since: at(2),
    facts: { exitCode: 3, backendType: 'native' },
    duration: 50,
    usage: undefined,
  },
] as const

const inspected: readonly Inspected[] = ONES.map(({ id, state, since, ...rest }) => ({
  manageable: { id } as Manageable, // nothing else of it is looked at
  status: { state, since },
  ...rest,
}))

const order = (key: SortKey, isReversed?: boolean) =>
  sortInspected(inspected, key, isReversed).map(({ manageable }) => manageable.id)

describe('a long list is sorted', () => {
  test('by its key, the greatest first where that is what people look for', () => {
    expect(order('id')).toEqual(['busy', 'idle', 'new', 'ran'])
    expect(order('state')).toEqual(['busy', 'idle', 'new', 'ran'])
    expect(order('since')).toEqual(['busy', 'ran', 'idle', 'new'])
    expect(order('duration')).toEqual(['idle', 'ran', 'busy', 'new'])
    expect(order('exit')).toEqual(['ran', 'busy', 'idle', 'new'])
    expect(order('backend')).toEqual(['idle', 'ran', 'busy', 'new'])
    expect(order('pid')).toEqual(['idle', 'busy', 'new', 'ran'])
    expect(order('cpu')).toEqual(['busy', 'idle', 'new', 'ran']) // by its share of the time
    expect(order('memory')).toEqual(['idle', 'busy', 'new', 'ran'])
  })

  test('the other way round, but what has nothing to compare stays at the end', () => {
    expect(order('id', true)).toEqual(['ran', 'new', 'idle', 'busy'])
    expect(order('since', true)).toEqual(['idle', 'ran', 'busy', 'new'])
    expect(order('backend', true)).toEqual(['busy', 'idle', 'ran', 'new'])
    expect(order('cpu', true)).toEqual(['idle', 'busy', 'new', 'ran'])
  })
})
