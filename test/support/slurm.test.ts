/** The Slurm for tests is a real one, keeps to itself, and leaves nothing behind. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needs } from '../unit/needs.ts'
import { findByArgument } from './processes.ts'
import { endWithThisProcess, SCRIPT, SlurmCluster } from './slurm.ts'
import { runProgram, until } from './spmi.ts'

const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()

if (refusal !== undefined) test.skip(`a Slurm for tests: ${refusal}`, () => {})
else describe('a Slurm for tests', describeCluster)

/** The daemons of a cluster: munged, slurmctld and slurmd. */
function daemonsOf(folder: string): number[] {
  const words = [join(folder, 'slurm.conf'), `--socket=${join(folder, 'munge.socket')}`]
  return words.flatMap(word => findByArgument(word))
}

function describeCluster(): void {
  const clusters: SlurmCluster[] = []
  const startCluster = async (...settings: readonly string[]) => {
    const cluster = new SlurmCluster(settings)
    clusters.push(cluster)
    await cluster.start()
    return cluster
  }
  const client = (cluster: SlurmCluster, ...argv: readonly string[]) =>
    runProgram(argv, { environment: { ...process.env, ...cluster.environment }, cwd: cluster.folder })
  const submit = (cluster: SlurmCluster, script: string) =>
    client(cluster, 'sbatch', '--parsable', '--output=/dev/null', `--wrap=${script}`)
  afterAll(() => Promise.all(clusters.map(cluster => cluster.stop())))

  test('runs a job and leaves no daemon', async () => {
    const cluster = await startCluster()
    expect(daemonsOf(cluster.folder)).toHaveLength(3)
    const file = join(cluster.folder, 'written')
    expect(await submit(cluster, `echo "$SLURM_JOB_ID" >${file}`)).toMatchObject({ status: 0, stdout: '1\n' })
    await until(() => existsSync(file) && readFileSync(file, 'utf8') === '1\n')
    await cluster.stop()
    expect(daemonsOf(cluster.folder)).toEqual([])
    expect(existsSync(cluster.folder)).toBe(false)
  })

  test('ends jobs also when the controller is away, and processes that left the session and the environment', async () => {
    const cluster = await startCluster()
    const [kept, lost] = ['3001', '3002'].map(seconds => `${seconds}.${process.pid}`)
    await submit(cluster, `env -i setsid sleep ${lost} & sleep ${kept}`)
    await until(() => findByArgument(`${kept}`).length === 1 && findByArgument(`${lost}`).length === 1)
    await cluster.stopController()
    await cluster.stop()
    expect([findByArgument(`${kept}`), findByArgument(`${lost}`)]).toEqual([[], []])
  })

  test('goes on after its controller and its node were stopped and started, and with them its jobs', async () => {
    const cluster = await startCluster()
    const mark = `3003.${process.pid}`
    await submit(cluster, `sleep ${mark}`)
    await until(() => findByArgument(mark).length === 1)
    await cluster.stopController()
    expect((await client(cluster, 'scontrol', 'ping')).stdout).toContain('is DOWN')
    await cluster.startController()
    await cluster.stopNode()
    expect(daemonsOf(cluster.folder)).toHaveLength(2)
    await cluster.startNode()
    expect(await client(cluster, 'squeue', '-h', '-o', '%i %T')).toMatchObject({ stdout: '1 RUNNING\n' })
    expect(findByArgument(mark)).toHaveLength(1)
  })

  test('does not disturb another one', async () => {
    const [first, second] = await Promise.all([startCluster(), startCluster()])
    await second.stop()
    expect(daemonsOf(first.folder)).toHaveLength(3)
    expect(await client(first, 'sinfo', '-h', '-o', '%P %T')).toMatchObject({
      stdout: 'debug* idle\nshort idle\n',
    })
  })

  const canRename = Bun.spawnSync(['unshare', '--uts', 'true']).exitCode === 0
  const testWithName = needs('a host name of its own', canRename, 'privilege')
  testWithName('starts where the name of the machine means no address', async () => {
    const { folder } = new SlurmCluster()
    const end = endWithThisProcess(folder)
    const script = 'hostname 0nowhere.example.org && sh "$1" start "$2"'
    const started = await runProgram(['unshare', '--uts', 'sh', '-c', script, 'sh', SCRIPT, folder])
    await end()
    expect(started).toMatchObject({ status: 0, stdout: `export SLURM_CONF=${folder}/slurm.conf\n` })
  })

  test('says why it cannot start, and leaves no daemon then', async () => {
    const cluster = new SlurmCluster(['NoSuchKey=1'])
    clusters.push(cluster)
    await expect(cluster.start()).rejects.toThrow('unrecognized key: NoSuchKey')
    expect(daemonsOf(cluster.folder)).toEqual([])
  })

  test('ends with the process that started it, also when that is killed', async () => {
    const program = `import { SlurmCluster } from '${join(import.meta.dir, 'slurm.ts')}'
      const cluster = new SlurmCluster()
      await cluster.start()
      console.log(cluster.folder)
      process.kill(process.pid, 'SIGKILL')`
    const { stdout } = await runProgram([process.execPath, '-e', program])
    const folder = stdout.trim()
    expect(folder).toStartWith('/')
    await until(() => daemonsOf(folder).length === 0 && !existsSync(folder))
  })
}
