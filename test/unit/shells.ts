/** The shells under which everything that SPMI gives to sh must work. */
import { findProgram } from '../../src/system/exec.ts'

const PATH = process.env.PATH ?? ''

function shell(name: string, program: string, ...options: readonly string[]) {
  const file = findProgram(program, PATH)
  return { name, argv: [file ?? program, ...options], isThere: file !== undefined }
}

export const SHELLS = [
  shell('dash', 'dash'),
  shell('bash as sh', 'bash', '--posix'),
  shell('BusyBox sh', 'busybox', 'sh'),
] as const
