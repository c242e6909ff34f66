import { describe, expect, test } from 'bun:test'
import { renderList, renderStatus } from '../../../src/cli/render.ts'
import { Manageable, type ManageableStatus, type ManageableTable } from '../../../src/core/manageable.ts'
import { PoolStore } from '../../../src/store/pool-store.ts'

/** A manageable that only is shown. */
class ShownManageable extends Manageable {
  constructor(table: ManageableTable) {
    const store = PoolStore.open('/home/leonid/.spmi', '/')
    super('task', table, { store, environment: {}, home: '/', umask: 0, warn: () => {} })
  }

  override describe() {
    return [
      { label: 'Backend type', value: 'screen' },
      { label: 'Backend ID', value: '39359' },
      { label: 'Wrapper type', value: 'default' },
      { label: 'Command', value: 'echo 1' },
      { label: 'PID', value: '39415' },
      { label: 'Exit code', value: '0' },
    ]
  }
  override async status() {
    return { state: 'inactive' } as const
  }
  override async start() {}
  override async stop() {}
  override async kill() {}
  override async retire() {}
}

const plain = (text: string) => text
const style = { now: new Date('2024-07-14T19:29:54.100Z'), zone: 'UTC', paint: plain }

function show(status: ManageableStatus, comment = 'Comment 1', tail: readonly string[] = []): string {
  const manageable = new ShownManageable({ id: 'manageable_1', comment })
  return renderStatus({ manageable, status }, tail, style)
}

describe('a status block', () => {
  test('is that of the user guide', () => {
    const since = new Date('2024-07-14T19:29:05Z')
    expect(show({ state: 'inactive', since }, 'Comment 1', ['1'])).toBe(`manageable_1 (task) - Comment 1
      Active: inactive since 2024-07-14 19:29:05 (0:00:49 ago)
        Path: "/home/leonid/.spmi/manageable_1"
Backend type: screen
  Backend ID: 39359
Wrapper type: default
     Command: echo 1
         PID: 39415
   Exit code: 0

1

`)
  })

  const active = (text: string) => text.split('\n').find(line => line.includes('Active: '))

  test("says what the guide does not know after the guide's words", () => {
    expect(active(show({ state: 'inactive', words: 'lost' }))).toBe('      Active: inactive (lost)')
    const since = new Date('2024-07-14T19:29:54Z')
    expect(active(show({ state: 'active', words: 'stopping', since }))).toBe(
      '      Active: active (stopping) since 2024-07-14 19:29:54 (0:00:00 ago)',
    )
  })

  test('a clock that was set back shows no negative time', () => {
    expect(active(show({ state: 'active', since: new Date('2024-07-14T20:00:00Z') }))).toEndWith(
      '(0:00:00 ago)',
    )
  })

  test('has no comment where there is none', () => {
    expect(show({ state: 'inactive' }, '')).toStartWith('manageable_1 (task)\n      Active: inactive\n')
  })

  test('shows the last lines of the output, made harmless', () => {
    const tail = ['2', '3', '4', '5%\r50%', '\x1b[31m6\x1b[0m']
    expect(show({ state: 'inactive' }, '', tail)).toEndWith('   Exit code: 0\n\n2\n3\n4\n50%\n6\n\n')
    expect(show({ state: 'inactive' })).toEndWith('   Exit code: 0\n\n')
  })

  test('keeps what a descriptor says on its line, and all of it', () => {
    expect(show({ state: 'inactive', words: 'no\nsuch\x1b[2J' }, 'a\nb\x1b]0;x\x07')).toStartWith(
      'manageable_1 (task) - a\\nb^[]0;x^G',
    )
    expect(show({ state: 'inactive', words: 'no\nsuch\x1b[2J' }).split('\n')[1]).toBe(
      '      Active: inactive (no\\nsuch^[[2J)',
    )
  })
})

describe('the list', () => {
  const row = (id: string, comment: string, state: 'active' | 'inactive' = 'inactive') => ({
    manageable: new ShownManageable({ id, comment }),
    status: { state },
  })

  test('is that of the user guide', async () => {
    expect(
      await renderList([row('manageable_2', 'Comment 2'), row('manageable_1', 'Comment 1')], plain),
    ).toBe(
      'ID           ACTIVE    COMMENT\nmanageable_2 inactive  Comment 2\nmanageable_1 inactive  Comment 1\n',
    )
  })

  test('of nothing is its head', async () => {
    expect(await renderList([], plain)).toBe('ID        ACTIVE    COMMENT\n')
  })

  test('paints the head and what is active', async () => {
    const paint = (text: string, colour: string) => `<${colour}>${text}`
    expect(await renderList([row('a', '', 'active'), row('b', '')], paint)).toBe(
      '<bold>ID        ACTIVE    COMMENT\n<green>a         active\nb         inactive\n',
    )
  })

  test('keeps each manageable on its line', async () => {
    expect(await renderList([row('a', 'one\ntwo\x1b[2J')], plain)).toBe(
      'ID        ACTIVE    COMMENT\na         inactive  one\\ntwo^[[2J\n',
    )
  })
})
