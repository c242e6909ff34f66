/**
 * Whether what SPMI says of tasks is true, by what their commands wrote themselves: a question is put between two looks at the
 * chronicles, and what holds in both held all the while.
 */
import type { JsonDocument, JsonManageable } from '../../../src/core/json-shape.ts'
import type { Outcome as Ended, TestPool } from '../../support/spmi.ts'
import type { Chronicle, Deed } from './chronicle.ts'

/** What a command answered, and which commands of tasks lived before, after, and all the while. */
export interface Witnessed {
  readonly outcome: Ended
  /** By the ids of tasks, the commands that lived from before the question until after the answer. */
  readonly throughout: ReadonlyMap<string, readonly Deed[]>
}

/** Runs a command of SPMI between two looks at the chronicles. */
export async function witness(
  pool: TestPool,
  chronicles: ReadonlyMap<string, Chronicle>,
  ...args: readonly string[]
): Promise<Witnessed> {
  const before = new Map([...chronicles].map(([id, { living }]) => [id, living]))
  const outcome = await pool.spmiWith({ timeout: 110_000 }, ...args)
  const throughout = new Map(
    [...chronicles].map(([id, chronicle]) => {
      const after = chronicle.living
      const isAfter = (deed: Deed) => after.some(({ pid, start }) => pid === deed.pid && start === deed.start)
      return [id, (before.get(id) ?? []).filter(isAfter)]
    }),
  )
  return { outcome, throughout }
}

/** What of an answer of `list`, `status` or `history` with --json is false. */
export function findLies(
  { outcome, throughout }: Witnessed,
  chronicles: ReadonlyMap<string, Chronicle>,
): string[] {
  const document = JSON.parse(outcome.stdout) as JsonDocument
  return (document.manageables ?? []).flatMap(told => {
    const chronicle = chronicles.get(told.id)
    if (chronicle === undefined) return []
    const { runs, ...last } = told
    const said = runs ?? [last]
    const lies = said.flatMap(run => checkRun(run, chronicle.deeds))
    const lived = throughout.get(told.id) ?? []
    const isInactive = said.at(-1)?.state === 'inactive' || (runs?.length === 0 && lived.length > 0)
    if (isInactive && lived.length > 0) lies.push(`inactive, while ${JSON.stringify(lived)} lived`)
    return lies.map(lie => `${told.id}: ${lie}`)
  })
}

type Said = Pick<Partial<JsonManageable>, 'words' | 'pid' | 'exit_code' | 'run' | 'outcome'>

/** A run is lost only where nobody could record its end; and an exit code is that of the command, or of a signal that ended it. */
function checkRun(said: Said, deeds: readonly Deed[]): string[] {
  const deed = deeds.findLast(({ pid }) => pid === said.pid)
  const shown = `${JSON.stringify(said)}, witnessed ${JSON.stringify(deed)}`
  if (said.outcome === 'lost' && (deed === undefined || deed.code !== undefined)) return [`lost: ${shown}`]
  if (said.exit_code === undefined) return []
  // Its own code, or death by a signal: SIGKILL may come after it has written its end.
  const isTrue = deed?.code === undefined ? said.exit_code > 128 : [deed.code, 137].includes(said.exit_code)
  return isTrue ? [] : [`exit code: ${shown}`]
}

/** What of a finished command's words is not for people: a status of neither kind, a stack, the system's raw words. */
export function findRoughWords(args: readonly string[], { status, stderr }: Ended): string[] {
  const isRough = (status !== 0 && status !== 1) || /This is a bug|\n\s+at |\bE[A-Z]{3,}: /.test(stderr)
  return isRough ? [`spmi ${args.join(' ')}: ${status}: ${stderr}`] : []
}
