/** A real scientific program runs from one descriptor on different backends: one line is changed, the physics is the same. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SlurmCluster } from '../support/slurm.ts'
import { ARTIFACTS, type Artifact, TestPool, until } from '../support/spmi.ts'
import { needs } from '../unit/needs.ts'

const EXAMPLE = resolve(import.meta.dir, '../../examples/lammps')
const ATOMS = 500
const testWithLammps = needs('LAMMPS (lmp)', Bun.which('lmp') !== null)

const artifacts = Object.keys(ARTIFACTS) as Artifact[]
for (const artifact of artifacts) describeMelt('native', artifact)

const refusal = process.env.SPMI_TEST_STRICT ? undefined : SlurmCluster.refuse()
if (refusal !== undefined) test.skip(`LAMMPS on slurm: ${refusal}`, () => {})
else
  describe('with a Slurm', () => {
    const cluster = new SlurmCluster()
    beforeAll(() => cluster.start())
    afterAll(() => cluster.stop())
    for (const artifact of artifacts) describeMelt('slurm', artifact, cluster.environment)
  })

/** The melt on one backend. @param environment what its process manager needs of the environment */
function describeMelt(backend: string, artifact: Artifact, environment: NodeJS.ProcessEnv = {}): void {
  describe(`LAMMPS on ${backend} with ${artifact}`, () => {
    const pool = new TestPool(artifact, environment)
    const native = readFileSync(join(EXAMPLE, 'melt.toml'), 'utf8')
    const descriptor = native.replace('type = "native"', `type = "${backend}"`)
    const status = async (id: string) => (await pool.spmi('status', id)).stdout
    const run = async (path: string, id: string) => {
      expect(await pool.spmi('load', path)).toMatchObject({ status: 0 })
      expect(await pool.spmi('start', id)).toMatchObject({ status: 0 })
      await until(async () => (await status(id)).includes('Exit code: '), 30_000)
      return status(id)
    }
    beforeAll(() => copyFileSync(join(EXAMPLE, 'melt.in'), join(pool.folder, 'melt.in')))
    afterAll(() => pool.dispose())

    testWithLammps('melts a crystal, by a descriptor of which at most one line is changed', async () => {
      const lines = descriptor.split('\n')
      const changed = native.split('\n').filter((line, n) => line !== lines[n])
      expect(changed).toHaveLength(backend === 'native' ? 0 : 1)
      const shown = await run(pool.write('melt.toml', descriptor), 'melt')
      expect(shown).toContain(`Backend type: ${backend}\n`)
      expect(shown).toContain('Exit code: 0\n')
      checkMelt(readFileSync(join(pool.runDirectory('melt'), 'stdout'), 'utf8'))
    })

    testWithLammps('shows the exit code of a run that failed', async () => {
      const wrong = descriptor.replace('"melt"', '"wrong"').replace('melt.in', 'missing.in')
      expect(await run(pool.write('wrong.toml', wrong), 'wrong')).toContain('Exit code: 1\n')
    })
  })
}

/** The rows of the thermodynamic output: step, temperature, potential energy, total energy, pressure, for each atom. */
function readThermo(output: string): Record<'step' | 'temp' | 'pair' | 'total' | 'press', number>[] {
  const [, table = ''] = /^ *Step +Temp +E_pair +TotEng +Press *\n(.*?)^Loop time/ms.exec(output) ?? []
  return table
    .trimEnd()
    .split('\n')
    .map(line => {
      const [step = NaN, temp = NaN, pair = NaN, total = NaN, press = NaN] = line
        .trim()
        .split(/ +/)
        .map(Number)
      return { step, temp, pair, total, press }
    })
}

function checkMelt(output: string): void {
  expect(output).toContain(`Created ${ATOMS} atoms\n`)
  const rows = readThermo(output)
  expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 11 }, (_, n) => n * 50))

  // The crystal at the start is known without any simulation: the energy of the lattice at this density is a sum over
  // pairs, -6.7733681 also in the logs of LAMMPS' own bench/in.lj. N atoms without drift have 3 (N - 1) / 2 times T.
  const first = rows[0]
  expect(first?.temp).toBe(1.44)
  expect(first?.pair).toBeCloseTo(latticeEnergy(0.8442, 2.5), 6)
  expect(first?.pair).toBeCloseTo(-6.7733681, 6)
  expect(first?.total).toBeCloseTo(-6.7733681 + (1.5 * 1.44 * (ATOMS - 1)) / ATOMS, 6)

  // At constant energy it melts: half of the kinetic energy goes into the bonds.
  for (const { temp, pair, total } of rows) {
    expect(Math.abs(total - (first?.total ?? NaN))).toBeLessThan(0.02)
    expect(total).toBeCloseTo(pair + (1.5 * temp * (ATOMS - 1)) / ATOMS, 5)
  }
  for (const { temp, pair } of rows.slice(2)) {
    expect(Math.abs(temp - 0.75)).toBeLessThan(0.1)
    expect(Math.abs(pair + 5.75)).toBeLessThan(0.15)
  }
}

/** Energy for each atom of an infinite fcc crystal of Lennard-Jones atoms, cut off: half the sum over all neighbours. */
function latticeEnergy(density: number, cutoff: number): number {
  const half = (4 / density) ** (1 / 3) / 2
  const steps = Array.from({ length: 17 }, (_, n) => n - 8)
  let sum = 0
  for (const x of steps)
    for (const y of steps)
      for (const z of steps) {
        const squared = half * half * (x * x + y * y + z * z)
        const isSite = squared > 0 && (x + y + z) % 2 === 0
        if (isSite && squared <= cutoff * cutoff) sum += squared ** -6 - squared ** -3
      }
  return 2 * sum
}
