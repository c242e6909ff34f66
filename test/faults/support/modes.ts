/** With which modes programs make files: what strace saw, with the umask that each process had at that moment. */
import { readFileSync } from 'node:fs'

/** What is to be traced. */
export const MODE_CALLS =
  'open,openat,creat,mkdir,mkdirat,mknod,mknodat,chmod,fchmodat,umask,clone,clone3,fork,vfork'

export interface Made {
  readonly path: string
  /** As it was from its first moment on. */
  readonly mode: number
  readonly call: string
}

/** The files that were made below a folder, or got other modes. @param mask the umask of the first process */
export function readModes(trace: string, folder: string, mask: number): Made[] {
  const masks = new Map<string, number>()
  const begun = new Map<string, string>()
  const made: Made[] = []
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)
    if (text.endsWith('<unfinished ...>')) {
      begun.set(pid, text.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const whole = resumed ? (begun.get(pid) ?? '') + (resumed[1] ?? '') : text
    const own = masks.get(pid) ?? mask
    const [, call = '', args = '', result = ''] = /^(\w+)\((.*)\) += (-?\w+)/.exec(whole) ?? []
    if (call === 'umask') masks.set(pid, Number.parseInt(args, 8))
    else if (/^(clone|clone3|fork|vfork)$/.test(call) && Number(result) > 0) masks.set(result, own)
    const path = /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? ''
    if (!path.includes(folder) || result.startsWith('-')) continue
    const octal = /, (?:S_IFIFO\|)?(0\d{1,4})(?:,.*)?$/.exec(args)?.[1]
    if (octal === undefined) continue
    const mode = Number.parseInt(octal, 8)
    const isMask = !call.includes('chmod')
    if (/^open|^creat/.test(call) && !args.includes('O_CREAT')) continue
    made.push({ path, mode: isMask ? mode & ~own : mode, call })
  }
  return made
}
