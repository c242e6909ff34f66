/**
 * System calls of the program fail, one after the other, each with the errors that it may well meet: a full or a broken disk, one that
 * has become read-only, no more descriptors, memory or processes. The command succeeds all the same, or says in a line what failed.
 */
import { describe } from 'bun:test'
import type { Cell } from './support/cell.ts'
import { expectNothing, type Injection, injectEverywhere, useCells, withCells } from './support/everywhere.ts'
import { extent } from './support/extent.ts'
import { type Call, changes, type Traced } from './support/injection.ts'
import { Random } from './support/random.ts'
import { SCENARIOS } from './support/scenarios.ts'

describe('a command of which a system call fails', () => {
  const cells = useCells()

  for (const [index, scenario] of SCENARIOS.entries())
    withCells(
      `says so in a line or does without, leaves the old or the new state, and all goes on: ${scenario.name}`,
      async () => {
        const random = new Random(100 + index)
        expectNothing(await injectEverywhere(cells, scenario, calls => choose(calls, random), findWrong))
      },
      600_000,
    )
})

function choose(calls: readonly Call[], random: Random): Injection[] {
  const changing = failing(calls.filter(changes))
  const others = failing(calls.filter(call => !changes(call)))
  return [
    ...random.sample(changing, extent(4, changing.length)),
    ...random.sample(others, extent(2, others.length)),
  ]
}

function failing(calls: readonly Call[]): Injection[] {
  return calls.flatMap(at => errorsOf(at).map(error => ({ at, fault: `error=${error}` })))
}

/** The errors that a call may well end with, by its manual page. */
function errorsOf(call: Call): string[] {
  const { name, text } = call
  if (/^v?fork$/.test(name)) return ['EAGAIN', 'ENOMEM']
  if (/^(socketpair|pipe)/.test(name)) return ['EMFILE', 'ENFILE']
  if (/^p?writev?/.test(name)) return text.includes('socket:') ? [] : ['ENOSPC', 'EDQUOT', 'EIO']
  if (/^open/.test(name))
    return changes(call) ? ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'EIO'] : ['EMFILE', 'EIO', 'ENOMEM']
  if (/^(mk|rename|link|symlink)/.test(name)) return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']
  if (/^(unlink|rmdir|f?chmod|f?truncate)/.test(name)) return ['EROFS', 'EIO']
  if (/^(f(data)?sync|read|pread64|getdents64)$/.test(name)) return ['EIO']
  if (/stat/.test(name)) return ['EIO', 'ENOMEM']
  return []
}

/** What is wrong with the words, the exit status or the tidiness of a command. */
function findWrong(cell: Cell, { status, stdout, stderr }: Traced, { at }: Injection): string | undefined {
  const said = `status ${status}: ${stdout}${stderr}`
  const isExplained = status === 0 || (status === 1 && /(ERROR|WARNING)\]\n.+/.test(stderr))
  if (!isExplained || /bug in|\n +at |panic/.test(stderr)) return said
  // A reload has changed all once the record was renamed: the next one finishes what could not follow.
  const left = cell.leftovers().filter(name => status !== 0 || !name.endsWith('/.reload'))
  // What cannot be removed, or read in order to be removed, has to stay.
  const isRemoving = /unlink|rmdir/.test(at.name) || at.text.includes('/.gone-')
  return left.length > 0 && !isRemoving ? `left over: ${left.join(', ')}; ${said}` : undefined
}
