import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { planSteps } from '../../../../src/manageables/task/stopping.ts'

describe('planSteps', () => {
  test('by default ^C comes at once and SIGTERM at half of the timeout, for what left the group as well', () => {
    expect(planSteps({ signals: ['SIGINT', 'SIGTERM'], timeout: 10_000 })).toEqual([
      { at: 0, signal: 'SIGINT', scope: 'group' },
      { at: 5000, signal: 'SIGTERM', scope: 'group' },
      { at: 5000, signal: 'SIGTERM', scope: 'strays' },
    ])
  })

  test('the only signal reaches what left the group at half of the timeout', () => {
    expect(planSteps({ signals: ['SIGHUP'], timeout: 4000 })).toEqual([
      { at: 0, signal: 'SIGHUP', scope: 'group' },
      { at: 2000, signal: 'SIGHUP', scope: 'strays' },
    ])
  })

  test('whatever the list: in order, evenly spread, before the timeout, each process once per signal', () => {
    const signals = fc.array(fc.constantFrom('SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(signals, fc.integer({ min: 1, max: 1_000_000 }), (list, timeout) => {
        const steps = planSteps({ signals: list, timeout })
        const group = steps.filter(step => step.scope === 'group')
        const strays = steps.filter(step => step.scope === 'strays')
        expect(group.map(step => step.signal)).toEqual(list)
        expect(strays.map(step => step.signal)).toEqual(list.length === 1 ? list : list.slice(1))
        group.forEach((step, index) => {
          expect(step.at).toBeCloseTo((timeout / list.length) * index)
        })
        expect(steps.map(step => step.at)).toEqual([...steps.map(step => step.at)].sort((a, b) => a - b))
        expect(steps.every(step => step.at < timeout)).toBe(true)
      }),
    )
  })

  test('a timeout of nothing sends all at once', () => {
    expect(planSteps({ signals: ['SIGINT', 'SIGTERM'], timeout: 0 }).map(step => step.at)).toEqual([0, 0, 0])
  })
})
