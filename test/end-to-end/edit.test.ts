/** edit: the descriptor in the pool through the user's editor, checked before it takes the old one's place. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARTIFACTS, type Artifact, runProgram, TestPool, until } from '../support/spmi.ts'

for (const artifact of Object.keys(ARTIFACTS) as Artifact[])
  describe(`edit with ${artifact}`, () => {
    const pool = new TestPool(artifact)
    const stored = (id: string) => readFileSync(join(pool.path, id, 'descriptor.toml'), 'utf8')
    const edit = (id: string, editor: string, environment: NodeJS.ProcessEnv = {}) =>
      pool.spmiWith({ environment: { VISUAL: '', EDITOR: editor, ...environment } }, 'edit', id)
    const load = async (id: string, rest = '') => {
      const path = pool.write(
        `${id}.toml`,
        `# mine\n[task]\nid = "${id}"\n[task.wrapper]\ncommand = "pwd"\n${rest}`,
      )
      expect(await pool.spmi('load', path)).toMatchObject({ status: 0 })
    }
    /** Nothing of a draft is left. */
    const isSwept = () =>
      expect(readdirSync(pool.path).filter(name => /^\.(new|gone)/.test(name))).toEqual([])
    afterAll(() => pool.dispose())

    test('what was changed takes the place of the descriptor, and relative paths count from where it came', async () => {
      mkdirSync(join(pool.folder, 'work'))
      await load('changed')
      const { status, stderr } = await edit('changed', `sed -i 's/^command.*/&\\ncwd = "work"/'`)
      expect([status, stderr]).toEqual([0, expect.stringMatching(/\nEdited manageable "changed"\n$/)])
      expect(stored('changed')).toContain('# mine\n')
      await pool.spmi('start', 'changed')
      const output = join(pool.runDirectory('changed'), 'stdout')
      await until(() => existsSync(output) && readFileSync(output, 'utf8') === `${pool.folder}/work\n`)
      isSwept()
    })

    test('an editor may have arguments and quotes, $VISUAL goes before $EDITOR, and the file is private and beside', async () => {
      await load('seen')
      const script = pool.write(
        'my editor',
        '#!/bin/sh\nprintf "%s\\n" "$@" >"$SEEN"; stat -c "%a %A" "$2" "${2%/*}" >>"$SEEN"\n',
      )
      await runProgram(['chmod', '+x', script])
      const seen = join(pool.folder, 'seen')
      const environment = { SEEN: seen, VISUAL: `'${script}' "--an option"` }
      const { status, stderr } = await edit('seen', 'false', environment)
      expect([status, stderr]).toEqual([0, expect.stringContaining('Manageable "seen" is unchanged')])
      const [option, path, file, folder] = readFileSync(seen, 'utf8').split('\n')
      expect(option).toBe('--an option')
      expect(path).toMatch(/^\/.*\/pool\/\.new-[^/]+\/descriptor\.toml$/)
      expect([file, folder]).toEqual(['600 -rw-------', '700 drwx------'])
    })

    test('what is unchanged is left alone, whatever the editor did with its files', async () => {
      await load('same')
      const before = readFileSync(join(pool.path, 'same/loaded'), 'utf8')
      const editor = pool.write(
        'rewriter',
        'cp "$1" "$1~"; mv "$1~" "$1.swp"; cat "$1.swp" >"$1.new"; mv "$1.new" "$1"\n',
      )
      const { status, stderr } = await edit('same', `sh '${editor}'`)
      expect([status, stderr]).toEqual([0, expect.stringContaining('Manageable "same" is unchanged')])
      expect(readFileSync(join(pool.path, 'same/loaded'), 'utf8')).toBe(before)
      isSwept()
    })

    test('what is wrong replaces nothing, and is said with its line', async () => {
      await load('right')
      const before = stored('right')
      const cases: readonly (readonly [string, string])[] = [
        ["sed -i 's/command/comand/'", 'did you mean "command"?'],
        ['sed -i \'s/"pwd"/pwd/\'', 'descriptor.toml:5: syntax error'],
        ["sed -i 's/right/left/'", 'descriptor.toml: task.id: must stay "right"'],
        ['truncate -s 0', 'the descriptor is empty'],
        ['rm', 'descriptor.toml: no such file'],
        ['false', 'the editor "false" ended with status 1'],
        ['kill -9 $$;', 'was killed'],
        ['no-such-editor', 'the editor "no-such-editor" ended with status 127'],
      ]
      for (const [editor, words] of cases) {
        const { status, stderr } = await edit('right', editor)
        expect([editor, status, stderr]).toEqual([editor, 1, expect.stringContaining(words)])
        expect(stderr).not.toMatch(/^ +at /m)
        expect(stored('right')).toBe(before)
      }
      isSwept()
      const unknown = await edit('rigth', 'true')
      expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('did you mean "right"?')])
    })

    test('on a terminal it offers to edit again what was wrong, with what was written', async () => {
      await load('again')
      const editor = pool.write(
        'twice',
        'n=$(cat "$COUNT"); echo $((n + 1)) >"$COUNT"\ncase $n in 0) sed -i "s/command/comand/" "$1" ;; *) sed -i "s/comand/command/; s/pwd/true/" "$1" ;; esac\n',
      )
      const count = join(pool.folder, 'count')
      const answer = async (word: string) => {
        writeFileSync(count, '0\n')
        const program = ARTIFACTS[artifact].map(part => `'${part}'`).join(' ')
        const environment = { ...pool.environment, COUNT: count, VISUAL: `sh '${editor}'` }
        return runProgram(['script', '-qefc', `${program} edit again`, '/dev/null'], {
          environment,
          input: `${word}\n`,
        })
      }
      const given = await answer('n')
      expect([given.status, given.stdout]).toEqual([1, expect.stringContaining('Edit it again? [Y/n]')])
      expect(given.stdout).toContain('did you mean "command"?')
      expect(readFileSync(count, 'utf8')).toBe('1\n')
      expect(stored('again')).toContain('"pwd"')
      const mended = await answer('y')
      expect([mended.status, mended.stdout]).toEqual([
        0,
        expect.stringContaining('Edited manageable "again"'),
      ])
      expect(readFileSync(count, 'utf8')).toBe('2\n')
      expect(stored('again')).toContain('"true"')
      isSwept()
    })

    test('an active one keeps running as it was started', async () => {
      await load('running', 'stop_signal = "SIGUSR1"')
      await edit('running', `sed -i 's/"pwd"/"exec sleep 300"/'`)
      await pool.spmi('start', 'running')
      const { status, stderr } = await edit('running', `sed -i 's/sleep 300/sleep 400/; s/USR1/USR2/'`)
      expect([status, stderr]).toEqual([0, expect.stringContaining('counts from its next start')])
      expect((await pool.spmi('status', 'running')).stdout).toContain('Command: exec sleep 300\n')
      expect(await pool.spmi('stop', 'running')).toMatchObject({ status: 0 })
      expect((await pool.spmi('status', 'running')).stdout).toContain('Exit code: 138 (SIGUSR1)\n')
    })

    test('without the folder from which it came, nothing is guessed', async () => {
      await load('older')
      writeFileSync(join(pool.path, 'older/loaded'), '2024-07-14T19:17:17.231Z\n')
      const { status, stderr } = await edit('older', 'true')
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('"spmi reload" with its descriptor mends it'),
      ])
      rmSync(join(pool.path, 'older/descriptor.toml'))
      expect((await edit('older', 'true')).status).toBe(1)
    })
  })
