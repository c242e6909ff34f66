import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { SlurmBackend } from '../../../../../src/manageables/task/backends/slurm.ts'
import type { Environment } from '../../../../../src/system/exec.ts'
import { isLiving } from '../../../../support/processes.ts'
import { SlurmCluster } from '../../../../support/slurm.ts'
import { runProgram, until } from '../../../../support/spmi.ts'
import { useFolder } from '../../../folder.ts'
import { needs } from '../../../needs.ts'

const folder = useFolder()
const refusal = SlurmCluster.refuse()
const withSlurm = needs(refusal ?? 'Slurm', refusal === undefined)

const PATH = process.env.PATH ?? ''
const diagnose = (environment: Environment, ...partitions: string[]) =>
  new SlurmBackend('slurm', { PATH, ...environment }).diagnose(partitions.map(partition => ({ partition })))
const topicsOf = async (environment: Environment, ...partitions: string[]) =>
  Object.fromEntries((await diagnose(environment, ...partitions)).map(finding => [finding.topic, finding]))

test('without the programs nothing else is asked, and the command that installs them is named', async () => {
  const [finding, ...others] = await diagnose({ PATH: folder.path })
  expect(finding).toMatchObject({ level: 'problem', topic: 'program', what: 'sbatch is not installed' })
  expect(finding?.mend).toMatch(/^\w.* slurm-client$|"slurm-client"$/)
  expect(others).toEqual([])
})

withSlurm('clients that wait for a slurm.conf are given up', async () => {
  const begin = performance.now()
  const { controller } = await topicsOf({ SLURM_CONF: folder.join('slurm.conf') })
  expect(performance.now() - begin).toBeLessThan(9000)
  expect(controller).toMatchObject({ level: 'problem', mend: expect.stringContaining('SLURM_CONF') })
})

describe('a real Slurm', () => {
  const cluster = new SlurmCluster()
  if (refusal === undefined) beforeAll(() => cluster.start(), 60_000)
  afterAll(() => cluster.stop())
  const control = async (...words: string[]) => {
    const environment = { ...process.env, ...cluster.environment }
    expect(await runProgram(['scontrol', ...words], { environment })).toMatchObject({ status: 0 })
  }

  withSlurm('that answers is all right', async () => {
    const findings = await diagnose(cluster.environment)
    expect(findings.map(({ level, topic }) => [level, topic])).toEqual([
      ['ok', 'program'],
      ['ok', 'version'],
      ['ok', 'controller'],
      ['ok', 'partitions'],
      ['ok', 'accounting'],
    ])
    const { controller, partitions, accounting } = await topicsOf(cluster.environment)
    expect(controller?.what).toMatch(/^Slurmctld\(primary\) at \S+ is UP$/)
    expect([partitions?.what, accounting?.what]).toEqual(['debug, short', 'off, and not needed'])
  })

  withSlurm('must have the partitions that tasks name', async () => {
    expect((await topicsOf(cluster.environment, 'short', 'short,debug')).partitions).toMatchObject({
      level: 'ok',
      what: 'short, debug',
    })
    expect((await topicsOf(cluster.environment, 'debug', 'shrot')).partitions).toEqual({
      level: 'problem',
      topic: 'partitions',
      what: 'there is no "shrot"',
      mend: 'the partitions are debug, short',
    })
  })

  withSlurm('whose partition or nodes are down lets jobs wait', async () => {
    await control('update', 'partitionname=short', 'state=down')
    const { partitions: closed } = await topicsOf(cluster.environment, 'short')
    expect(closed).toMatchObject({
      level: 'warning',
      what: 'jobs for "short" will wait: not up, nodes idle',
    })
    expect((await topicsOf(cluster.environment, 'debug')).partitions).toMatchObject({ level: 'ok' })
    await control('update', 'partitionname=short', 'state=up')
    const [node = ''] = (await runProgram(['uname', '-n'])).stdout.trim().split('.')
    await control('update', `nodename=${node}`, 'state=drain', 'reason=test')
    const { partitions } = await topicsOf(cluster.environment, 'debug')
    await control('update', `nodename=${node}`, 'state=resume')
    expect(partitions).toMatchObject({
      level: 'warning',
      what: 'jobs for "debug" will wait: up, nodes drained',
    })
  })

  withSlurm('with which nobody is authenticated is a problem, in its own words', async () => {
    const socket = join(cluster.folder, 'munge.socket')
    await until(() => existsSync(socket))
    renameSync(socket, `${socket}.away`)
    const { controller } = await topicsOf(cluster.environment)
    renameSync(`${socket}.away`, socket)
    expect(controller).toMatchObject({ level: 'problem', what: expect.stringContaining('munge.socket') })
  })

  withSlurm(
    'whose controller is gone is a problem',
    async () => {
      await cluster.stopController()
      const { controller, ...others } = await topicsOf(cluster.environment)
      await cluster.startController()
      expect(controller).toMatchObject({ level: 'problem', what: expect.stringContaining(' is DOWN') })
      expect(Object.keys(others)).toEqual(['program'])
      expect((await topicsOf(cluster.environment)).controller).toMatchObject({ level: 'ok' })
    },
    60_000,
  )
})

describe('a real Slurm that keeps accounts', () => {
  const lack = refusal ?? SlurmCluster.refuseAccounts()
  const withAccounts = needs(lack ?? 'slurmdbd', lack === undefined)
  const cluster = new SlurmCluster(['accounts=yes'])
  if (lack === undefined) beforeAll(() => cluster.start(), 60_000)
  afterAll(() => cluster.stop(), 60_000)

  withAccounts('is asked for them', async () => {
    expect((await topicsOf(cluster.environment)).accounting).toEqual({
      level: 'ok',
      topic: 'accounting',
      what: 'answers (accounting_storage/slurmdbd)',
    })
  })

  withAccounts('whose database is away is warned of, since tasks run without', async () => {
    const daemon = Number(readFileSync(join(cluster.folder, 'slurmdbd.pid'), 'utf8'))
    process.kill(daemon, 'SIGTERM')
    await until(() => !isLiving(daemon))
    const { accounting, controller } = await topicsOf(cluster.environment)
    expect(controller).toMatchObject({ level: 'ok' })
    expect(accounting).toMatchObject({ level: 'warning', what: expect.stringMatching(/\w/) })
  })
})
