import { expect, test } from 'bun:test'
import { groupBy } from '../../../src/core/group-by.ts'

test('groupBy keeps the order of the items and of the keys', () => {
  const groups = groupBy(['bb', 'a', 'cc', 'd', 'eee'], word => word.length)
  expect([...groups]).toEqual([
    [2, ['bb', 'cc']],
    [1, ['a', 'd']],
    [3, ['eee']],
  ])
})
