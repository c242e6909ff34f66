import { describe, expect, test } from 'bun:test'
import { thisProcess } from '../../../src/system/process.ts'
import { ProcessTable } from '../../../src/system/run-processes.ts'
import { measure } from '../../../src/system/usage.ts'
import { until } from '../../support/spmi.ts'
import { useChildren } from '../children.ts'

const children = useChildren()
const name = `spmi-usage-${process.pid}`
const environment = { PATH: process.env.PATH, SPMI_RUN: name }
/** Its wrapper is on this host; that it has gone does not matter. */
const run = { name, wrapper: { ...thisProcess(), start: 0 } }

const use = () => measure(run, ProcessTable.read())

describe('the use of a run', () => {
  test('is that of all its processes, also of those that they have waited for', async () => {
    const burn = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'
    await children.start(['sh', '-c', `sleep 300 & (${burn}); sleep 300`], environment)
    await until(() => use()?.processes === 3 && (use()?.cpuTime ?? 0) >= 0.05)
  })

  test('counts the resident memory in bytes', async () => {
    const size = 64 * 1024 * 1024
    await children.start(['perl', '-e', `my $x = "x" x ${size}; sleep 300`], environment)
    await until(() => (use()?.memory ?? 0) > size)
    expect(use()?.memory).toBeLessThan(4 * size)
  })

  test('is nothing when none of its processes is left', async () => {
    await until(() => use()?.processes === 0)
    expect(use()).toEqual({ processes: 0, cpuTime: 0, memory: 0 })
  })

  test('is unknown on another host, after another boot, and before a wrapper has come', () => {
    const table = ProcessTable.read()
    expect(measure({ name }, table)).toBeUndefined()
    expect(measure({ name, wrapper: { ...thisProcess(), host: 'elsewhere' } }, table)).toBeUndefined()
    expect(measure({ name, wrapper: { ...thisProcess(), boot: 'earlier' } }, table)).toBeUndefined()
  })
})
