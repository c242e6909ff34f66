/**
 * The five-minute tour of the README, as it is printed there: all its commands in one shell, in something like a fresh checkout, for
 * somebody who has used SPMI never before. On both artifacts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, readCommands } from '../support/page.ts'
import { ARTIFACTS, type Artifact, installProgram } from '../support/spmi.ts'
import { expectShown, mask, typeCommand } from '../support/transcript.ts'

const TOUR = readCommands('README.md')

/**
 * Also without the pool's random name, and the load of the machine: nobody knows how many lines there are of it, and a signal may
 * come amidst one.
 */
const maskTour = (text: string) =>
  mask(text)
    .replaceAll(/"\/[^"]*\/tmp\.\w+/g, '"POOL')
    .replaceAll(/(^(\d\d:\d\d:\d\d)? ((\d+\.\d\d ){3}\d+\/\d+ \d+)?\n)+/gm, 'LOAD\n')

/** What shows how things are some time after a start. */
const isState = (command: string) => /^spmi (list|status)/.test(command)

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`the tour of the README with ${artifact}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'spmi-tour-'))
    const environment = { HOME: folder, TMPDIR: folder, PATH: process.env['PATH'] }
    const type = (command: string) => typeCommand(folder, command, environment)
    beforeAll(() => {
      installProgram(artifact, join(folder, 'dist'))
      symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'))
    })
    afterAll(async () => {
      await type("spmi kill '.*'") // what a failure has left
      rmSync(folder, { recursive: true })
    })

    for (const shown of TOUR)
      test(`$ ${shown.command}`, () => expectShown(shown, { type, mask: maskTour, isState }), 60_000)

    test('leaves nothing outside its pool', () => {
      expect(
        readdirSync(folder)
          .filter(name => !name.startsWith('tmp.'))
          .sort(),
      ).toEqual(['.vars', 'dist', 'examples'])
    })
  })

test('the tour uses every command of the user guide', () => {
  const used = new Set(TOUR.flatMap(({ command }) => /\bspmi (\w+)/.exec(command)?.[1] ?? []))
  const ofGuide = ['clean', 'connect', 'kill', 'list', 'load', 'start', 'status', 'stop']
  expect([...used].sort()).toEqual(ofGuide)
})
