/**
 * What is printed, and what bears names, may hold anything that a terminal obeys. Shown by SPMI it does nothing: looked at byte by
 * byte, and on a terminal emulator (tmux) that is allowed to obey.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Seat } from '../support/seat.ts'
import { ARTIFACTS, TestPool, until } from '../support/spmi.ts'
import { count, expectNone } from './support/figures.ts'

/** What a terminal obeys, by what it does. Sources: ECMA-48; ctlseqs of xterm; tmux(1). */
const HOSTILE: Readonly<Record<string, string | readonly number[]>> = {
  'copies (OSC 52)': '\x1b]52;c;c3RvbGVu\x07',
  'copies, with another end': '\x1b]52;c;c3RvbGVu\x1b\\',
  'names the window': '\x1b]0;stolen\x07\x1b]2;stolen\x1b\\',
  'names a window of screen or tmux': '\x1bkstolen\x1b\\',
  'makes the terminal type its title': '\x1b[21t',
  'makes it type where the cursor is': '\x1b[6n\x1b[?6n\x1b[5n',
  'makes it type what it is': '\x1b[c\x1b[>c\x1b[=c\x1bZ\x05',
  'makes it type a setting (DCS)': '\x1bP$qm\x1b\\\x1bP+q544e\x1b\\',
  'passes through tmux (DCS)': '\x1bPtmux;\x1b\x1b]52;c;c3RvbGVu\x07\x1b\\',
  'draws (sixel)': '\x1bPq#0;2;0;0;0#0~~@@vv@@~~$-\x1b\\',
  'is for programs (APC, PM, SOS)': '\x1b_Gstolen\x1b\\\x1b^stolen\x1b\\\x1bXstolen\x1b\\',
  'is a C1 control in UTF-8': '\u009b2J\u009d0;stolen\u009c\u0090q\u009c\u0085\u008d\u009f',
  'is a C1 control in eight bits': [0x9b, 0x32, 0x4a, 0x9d, 0x30, 0x3b, 0x73, 0x9c, 0x90, 0x9c, 0x85, 0x8d],
  'turns the direction of writing': 'a\u202egnp.exe\u202c\u2066x\u2069\u200f\u061c\u2028',
  'goes back': 'real\b\b\b\bfake\x7f',
  overwrites: 'real\rfake',
  'moves the cursor': '\x1b[H\x1b[3;3H\x1b[1A\x1b[2K\x1b[2J\x1b[3J\x1b7\x1b8\x1bM\x1bD\x1bE\x0b\x0c',
  'changes modes': '\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?2004h\x1b[4h\x1b[?6h\x1b[5;6r\x1b[?7l\x1b=\x1b[?1h',
  'resets, or fills the screen': '\x1bc\x1b#8\x1b[!p',
  'changes the characters': '\x1b(0\x1b)0\x0e\x1b%@',
  'hides or paints': '\x1b[8mhidden\x1b[31;7;5m',
  rings: '\x07\x1b[?5h',
  'is half a character': [0xe6, 0x97, 0x20, 0xf0, 0x9f, 0xa6, 0x20, 0xc2, 0x20, 0xff, 0xfe, 0xed, 0xa0, 0x80],
  'has no end': 'x\x1b[31',
  'has no end either': 'x\x1b]0;stolen',
}
const all = Buffer.concat(
  Object.values(HOSTILE).map(each => Buffer.concat([Buffer.from(each), Buffer.from('\n')])),
)

/** All of it that is text, on one line, for those who take no other. */
const text = Object.values(HOSTILE)
  .filter(each => typeof each === 'string')
  .join(' ')

/** What a file may be called. */
const NAME = 'x\x1b]0;stolen\x07\x1b]52;c;c3RvbGVu\x07\x1b[6n\u202e\u009b2J\r\ny\x1b[2J'

/** What SPMI itself says to a terminal: colours, the taking back of a line, and lines that are cut. */
const OWN = /\x1b\[\d*m|\r\x1b\[K|\x1b\[\?7[lh]/g

/** What is left of what was sent to a terminal that it may obey, with what stands around it. */
function findHarm(bytes: Uint8Array): string[] {
  const sent = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const rest = sent.replaceAll(OWN, '').replaceAll(/\r+\n/g, '\n')
  const harm = /.{0,40}[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069].{0,40}/g
  return [...rest.matchAll(harm)].map(([found]) => JSON.stringify(found))
}

/** What can be changed of a terminal for good. */
const STATE = [
  ...[
    'pane_title',
    'window_name',
    'alternate_on',
    'cursor_flag',
    'insert_flag',
    'keypad_flag',
    'keypad_cursor_flag',
  ],
  ...['mouse_any_flag', 'origin_flag', 'wrap_flag', 'scroll_region_upper', 'scroll_region_lower'],
]
  .map(name => `${name}=#{${name}}`)
  .join(' ')

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

describe('what a terminal may obey', () => {
  const pool = new TestPool()
  const record = join(pool.folder, 'record')
  const payload = join(pool.folder, 'payload')
  const editor = `cp ${join(pool.folder, 'wrong.json')}`
  const environment = { ...pool.environment, LANG: 'C.UTF-8', EDITOR: editor, VISUAL: editor }
  const seats: Seat[] = []
  const sit = (path: string) => {
    const seat = new Seat(environment, { columns: 200, rows: 50 })
    seats.push(seat)
    seat.trust(path)
    return seat
  }
  const spmi = ARTIFACTS[pool.artifact].map(quote).join(' ')

  beforeAll(async () => {
    writeFileSync(payload, all)
    writeFileSync(record, '')
    const pieces = `$| = 1; open F, "<", "${payload}"; $/ = \\1; while (<F>) { print; select undef, undef, undef, 0.001 }`
    const tasks = {
      hostile: {
        wrapper: { command: `cat ${payload}; cat ${payload} >&2 # ${text}`, env: { HOSTILE: text } },
      },
      fine: { wrapper: { command: 'echo fine' } },
      pieces: { wrapper: { command: `read -r go; exec perl -e '${pieces}'` } },
      nowhere: { wrapper: { command: 'true', cwd: `/nowhere/${NAME}` } },
      unread: { wrapper: { command: 'true', stdin: `/nowhere/${NAME}` } },
    }
    const files = Object.entries(tasks).map(([id, rest]) =>
      pool.write(
        `${id}.json`,
        JSON.stringify({ task: { id, comment: `Comment ${text}`, backend: { type: 'native' }, ...rest } }),
      ),
    )
    expect(await pool.spmi('load', ...files)).toMatchObject({ status: 0 })
    await pool.spmi('start', 'hostile|fine|unread')
    expect(await pool.spmi('wait', 'hostile|fine')).toMatchObject({ status: 0 })
    const wrong = (content: object) => JSON.stringify({ task: content })
    pool.write(
      'wrong.json',
      wrong({ id: text, [text]: 1, backend: { type: text }, wrapper: { type: text, command: 1 } }),
    )
    pool.write('key.json', wrong({ id: 'x', [text]: 1, wrapper: { command: 'x', [text]: 1, shell: text } }))
    pool.write(`${NAME}.toml`, `[task\n${text}`)
    pool.write(`${NAME}.yaml`, `task: {"${text}\n${text}`)
    pool.write(`${NAME}.json`, `{"task": ${text}`)
    mkdirSync(join(pool.folder, NAME), { mode: 0o777 })
    mkdirSync(join(pool.path, NAME))
    mkdirSync(join(pool.path, 'damaged'))
    writeFileSync(join(pool.path, 'damaged', 'manageable.json'), `{"task": "${text}`)
    await pool.spmi('start', 'nowhere')
  }, 60_000)
  afterAll(async () => {
    for (const seat of seats) seat.kill()
    await pool.dispose()
  })

  /** Commands that show, or say, something hostile. */
  const COMMANDS: readonly (readonly string[])[] = [
    ['list'],
    ...[
      ['list', '-l'],
      ['list', '-l', 'hostile'],
      ['list', '--sort', text],
      ['list', '--backend', text],
    ],
    ...[
      ['status', '.*'],
      ['status', text],
      ['status', `(${text}`],
      ['history', '.*'],
      ['status', '--json', 'hostile'],
    ],
    ...[['list', '-l', '--json'], ['wait', 'hostile'], ['doctor'], ['prune', 'hostile']],
    ...[
      ['logs', 'hostile'],
      ['logs', '-t', 'hostile', 'fine'],
      ['logs', '-n', '1', 'hostile'],
      ['logs', '--since', text, 'fine'],
    ],
    ...[
      ['show', 'hostile'],
      ['show', '--reveal', 'hostile'],
      ['show', '--script', 'hostile'],
      ['show', text],
    ],
    ...[
      ['show', '--descriptor', 'hostile'],
      ['show', '--environment', '--reveal', 'hostile'],
    ],
    ...[
      ['start', '--dry-run', 'hostile'],
      ['start', 'nowhere'],
      ['start', 'unread'],
      ['start', 'fine', '--backend', text],
    ],
    ...[
      ['start', 'fine', '--set', `${text}=1`],
      ['start', 'fine', '--set', `type=${text}`],
      ['stop', text],
      ['connect', text],
    ],
    ...[
      ['run', '--print', '--comment', text, `echo # ${text}`],
      ['run', '--foreground', '--id', 'ran', `cat ${payload}`],
    ],
    ...[
      ['run', '--foreground', '--id', text, 'true'],
      ['run', '--foreground', '--cwd', NAME, '--id', 'there', 'pwd'],
    ],
    ...['toml', 'yaml', 'json'].flatMap(ending => [
      ['load', `${NAME}.${ending}`],
      ['check', `${NAME}.${ending}`],
    ]),
    ...[
      ['load', `missing${NAME}.toml`],
      ['load', NAME],
      ['load', 'wrong.json'],
      ['check', 'key.json'],
      ['reload', 'key.json'],
    ],
    ...[
      [text],
      [`--${text}`],
      ['help', text],
      ['signal', text, 'hostile'],
      ['new', `${NAME}.toml`],
      ['schema', text],
    ],
    ...[
      ['complete', '--', 'zsh', 'start', ''],
      ['complete', '--', 'fish', 'connect', ''],
      ['complete', '--', 'bash', 'spmi start ', ''],
    ],
  ]

  test('does it, where it is not shown by SPMI', async () => {
    const sent = join(pool.folder, 'sent')
    const seat = sit(sent)
    await seat.shows(/^seat>/m)
    const before = seat.describe(STATE)
    expect(seat.clipboard).toBe('')
    seat.enter(`cat ${payload}`)
    await until(() => seat.clipboard.includes('stolen'))
    await until(() => seat.describe(STATE) !== before)
    await until(() => readFileSync(sent).length >= all.length)
    expect(() => findHarm(readFileSync(sent))).toThrow() // it is not even text
    expect(findHarm(Buffer.from(text)).length).toBeGreaterThan(0)
    // Its questions were answered, as if they had been typed.
    const other = sit(join(pool.folder, 'sent too'))
    await other.shows(/^seat>/m)
    other.enter(`printf '\\033[6n'; sleep 1`)
    await other.shows(/\[\d+;\d+R/)
  }, 60_000)

  test(`does nothing in what ${COMMANDS.length} commands show and say`, async () => {
    const seat = sit(record)
    await seat.shows(/^seat>/m)
    const before = seat.describe(STATE)
    const script = COMMANDS.map((words, index) => `echo '== ${index}'; ${spmi} ${words.map(quote).join(' ')}`)
    script.push(`SPMI_PATH=${quote(join(pool.folder, NAME))} ${spmi} list`)
    writeFileSync(join(pool.folder, 'all.sh'), `cd ${quote(pool.folder)}\n${script.join('\n')}\n`)
    seat.enter(`sh ${join(pool.folder, 'all.sh')}; echo all of them`)
    await until(() => /^all of them/m.test(readFileSync(record, 'latin1')), 90_000)
    count('cases', script.length)
    await expectNothing(seat, before)
    const shown = readFileSync(record, 'utf8')
    // They did show it.
    expect(shown.split('^[]52;c;c3RvbGVu^G').length).toBeGreaterThan(COMMANDS.length)
    expect(shown).not.toContain('a bug in SPMI')
  }, 120_000)

  test('does nothing in pieces, in what connect and logs -f show', async () => {
    const sent = join(pool.folder, 'sent in pieces')
    const seat = sit(sent)
    await seat.shows(/^seat>/m)
    const before = seat.describe(STATE)
    for (const [round, words] of [
      ['1', 'connect pieces'],
      ['2', 'logs -f pieces'],
    ] as const) {
      expect(await pool.spmi('start', 'pieces')).toMatchObject({ status: 0 })
      seat.enter(`${spmi} ${words}`)
      if (round === '1') {
        await seat.shows('Connected')
        seat.enter('go')
        await until(() => readFileSync(sent, 'utf8').includes('has ended'), 60_000)
      } else {
        await pool.spmiWith({ input: 'go\n' }, 'connect', 'pieces')
        expect(await pool.spmi('wait', 'pieces')).toMatchObject({ status: 0 })
        await until(() => readFileSync(sent, 'utf8').split('x^[]0;stolen').length === 3, 60_000)
        seat.press('C-c')
      }
      count('cases')
    }
    await expectNothing(seat, before)
    expect(readFileSync(sent, 'utf8').match(/hidden/g)?.length).toBeGreaterThanOrEqual(2)
  }, 120_000)

  test('does nothing in the question whether to edit again', async () => {
    const sent = join(pool.folder, 'sent by edit')
    const seat = sit(sent)
    await seat.shows(/^seat>/m)
    const before = seat.describe(STATE)
    seat.enter(`${spmi} edit fine`)
    await until(() => readFileSync(sent, 'utf8').includes('Edit it again?'), 30_000)
    seat.press('C-d')
    count('cases')
    await expectNothing(seat, before)
  }, 60_000)

  /** Waits for the prompt; then the terminal must be as before, nothing copied, and nothing typed but by us. */
  async function expectNothing(seat: Seat, before: string): Promise<void> {
    await until(() => seat.describe('#{pane_current_command}') === 'sh')
    await until(() => seat.lines.findLast(line => line !== '')?.endsWith('seat>') === true)
    seat.enter('echo typed nothing')
    await seat.shows(/^typed nothing$/m)
    expect(seat.screen).toContain('seat> echo typed nothing\n') // what a terminal types back would stand before it
    expect(seat.describe(STATE)).toBe(before)
    expect(seat.clipboard).toBe('')
  }

  test('was not sent to a terminal at all', () => {
    const lies: string[] = []
    for (const name of ['record', 'sent in pieces', 'sent by edit']) {
      const sent = readFileSync(join(pool.folder, name))
      expect(sent.length).toBeGreaterThan(500)
      lies.push(...findHarm(sent))
    }
    expectNone('lies', lies)
  })
})
