/** What tmux is told, without tmux. */
import { describe, expect, test } from 'bun:test'
import { joinCommands, newSession } from '../../../../../src/manageables/task/backends/tmux.ts'

describe('the commands of tmux', () => {
  test('make a detached session by name, whose script begins with an empty environment', () => {
    expect(newSession({ name: 'spmi-a-1', script: '/pool/a b/runs/1/run.sh' })).toEqual([
      ...['new-session', '-d', '-s', 'spmi-a-1'],
      ...['env', '-i', 'SPMI_RUN=', '/bin/sh', '/pool/a b/runs/1/run.sh'],
    ])
  })

  test('are separated by semicolons of their own, and a path that ends with one is none', () => {
    expect(joinCommands([['a', 'x'], ['b'], ['c']])).toEqual(['a', 'x', ';', 'b', ';', 'c'])
    expect(newSession({ name: 'n', script: '/pool/x;' }).at(-1)).toBe('/pool/x\\;')
  })
})
