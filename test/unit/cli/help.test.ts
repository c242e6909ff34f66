import { describe, expect, test } from 'bun:test'
import { withOptions } from '../../../src/cli/command.ts'
import { COMMANDS } from '../../../src/cli/commands.ts'
import { renderCommandHelp, renderHelp } from '../../../src/cli/help.ts'
import type { OptionRow } from '../../../src/cli/options.ts'

/** The user guide's screen, to the letter. */
const GUIDE = String.raw`   _____ ____  __  _______
  / ___// __ \/  |/  /  _/
  \__ \/ /_/ / /|_/ // /
 ___/ / ____/ /  / // /
/____/_/   /_/  /_/___/

Simple Process Management Interface

SPMI is a program to maintain processes.

Usage:
    spmi list [-d | --debug]
    spmi load <pathes>... [-d | --debug]
    spmi start <patterns>... [-d | --debug]
    spmi stop <patterns>... [-d | --debug]
    spmi kill <patterns>... [-d | --debug]
    spmi clean <patterns>... [-d | --debug]
    spmi status <patterns>... [-d | --debug]
    spmi connect <task_id> [-d | --debug]

Options:
    -h --help       Show this screen
    -v --version    Show version
    -d --debug      Run in debug mode
`

describe('the help', () => {
  const lines = renderHelp(COMMANDS).split('\n')

  test("shows every line of the user guide's screen, to the letter and in its order", () => {
    let next = 0
    for (const line of GUIDE.split('\n').slice(0, -1)) {
      const at = lines.indexOf(line, next)
      expect([line, at >= next]).toEqual([line, true])
      next = at + 1
    }
  })

  test('begins with the banner and the usage as they stand in the guide; additions come after the blocks', () => {
    const guide = GUIDE.slice(0, GUIDE.indexOf('\nOptions:'))
    const options = GUIDE.slice(GUIDE.indexOf('Options:'))
    const help = renderHelp(COMMANDS)
    expect(help).toStartWith(guide)
    const added = help.slice(guide.length, help.indexOf('\nOptions:'))
    expect(added).toMatch(/^(?: {4}spmi [a-z]+(?: <\w+>(?:\.\.\.)?)* \[-d \| --debug\]\n)+$/)
    expect(help).toContain(`\n${options}\nCommands:\n`)
  })

  test('names every command with its summary', () => {
    for (const { name, summary, isHidden } of COMMANDS)
      expect([
        name,
        lines.filter(line => line.startsWith(`    ${name} `) && line.endsWith(summary)).length,
      ]).toEqual([name, isHidden ? 0 : 1])
  })

  test('ends with one line feed', () => {
    expect(renderHelp(COMMANDS)).toMatch(/[^\n]\n$/)
  })
})

describe('the help of a command', () => {
  test('shows its usage, its summary, its options, and those of the program', () => {
    const command = withOptions({
      name: 'example',
      operand: { name: '<words>', isRepeated: true },
      options: {
        follow: { short: 'f', summary: 'Go on' },
        'stop-timeout': { value: 'SECONDS', summary: 'Wait no longer' },
      },
      summary: 'Do something',
      run: async () => 0,
    })
    expect(renderCommandHelp(command)).toBe(`Usage:
    spmi example <words>... [options]

Do something

Options:
    -f --follow                  Go on
       --stop-timeout SECONDS    Wait no longer
    -h --help                    Show this screen
    -v --version                 Show version
    -d --debug                   Run in debug mode
`)
  })

  test('shows in brackets what may be left out, which the screen of all commands leaves to it', () => {
    const list = COMMANDS.filter(({ name }) => name === 'list')
    expect(list.map(renderCommandHelp).join()).toContain('    spmi list [<patterns>...] [options]\n')
    expect(renderHelp(list)).toContain('    spmi list [-d | --debug]\n')
  })

  test('is as wide as the screen of all commands where nothing needs more', () => {
    const needsMore = ([name, { value }]: [string, OptionRow]) =>
      value !== undefined || name.length > 'version'.length
    for (const command of COMMANDS.filter(({ options = {} }) => !Object.entries(options).some(needsMore)))
      expect(renderCommandHelp(command)).toEndWith(
        GUIDE.slice(GUIDE.indexOf('Options:\n') + 'Options:\n'.length),
      )
  })
})
