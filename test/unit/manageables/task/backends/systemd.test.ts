/** What systemd is told, and what is made of its words, without systemd. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { newService, SystemdBackend } from '../../../../../src/manageables/task/backends/systemd.ts'
import { useFolder } from '../../../folder.ts'

const folder = useFolder()

/** A systemd-run that does what a shell program says. */
function fakeSystemd(program: string): SystemdBackend {
  folder.write('systemd-run', `#!/bin/sh\n${program}\n`, 0o700)
  folder.write('systemctl', `#!/bin/sh\n${program}\n`, 0o700)
  return new SystemdBackend('systemd', { PATH: `${folder.path}:/usr/bin:/bin` })
}

const job = (name: string, options = {}) => ({ name, script: `/pool/$HOME/${name}/run.sh`, options })

describe('SystemdBackend', () => {
  test('asks the manager that is chosen, and doubles the dollars that systemd would replace', async () => {
    const backend = fakeSystemd(`echo "$1 $(for word; do :; done; echo "$word")" >>${folder.join('calls')}`)
    const jobs = [job('spmi-a'), job('spmi-b', { manager: 'system' })]
    expect(await backend.submit(jobs)).toEqual([{ accepted: true }, { accepted: true }])
    expect(readFileSync(folder.join('calls'), 'utf8').trim().split('\n').sort()).toEqual([
      '--system /pool/$$HOME/spmi-b/run.sh',
      '--user /pool/$$HOME/spmi-a/run.sh',
    ])
  })

  test('begins a script with an empty environment', () => {
    expect(newService('--user').join(' ')).toEndWith(' -- /usr/bin/env -i SPMI_RUN= /bin/sh $2')
  })

  test('says what to do where no manager answers', async () => {
    const backend = fakeSystemd('echo "Failed to connect to bus: No medium found" >&2; exit 1')
    const [submission] = await backend.submit([job('spmi-a')])
    expect(submission).toEqual({
      accepted: false,
      reason: expect.stringMatching(/^Failed to connect to bus: No medium found; .*loginctl enable-linger/),
    })
  })

  test('does not know what it cannot ask', async () => {
    const backend = fakeSystemd('echo "Failed to connect to bus" >&2; exit 1')
    const [liveness] = await backend.query([{ name: 'spmi-a', script: '', options: {} }])
    expect(liveness).toEqual({ state: 'unknown', reason: 'systemctl: Failed to connect to bus' })
  })

  test('has the units that are listed, by their whole names', async () => {
    const backend = fakeSystemd('echo "spmi-a-10.service loaded active running x"')
    const runs = ['spmi-a-1', 'spmi-a-10'].map(name => ({ name, script: '', options: {} }))
    expect(await backend.query(runs)).toEqual([{ state: 'gone' }, { state: 'alive' }])
    expect(backend.idOf({ name: 'spmi-a-1', script: '', options: {} })).toBe('spmi-a-1.service')
  })
})
