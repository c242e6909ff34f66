/** The file `loaded` of a manageable: when it was loaded, and from which folder. */
import { DamagedFile } from './damage.ts'
import { readSmallFile } from './files.ts'

export interface LoadNote {
  readonly time: Date
  readonly folder: string
}

/** A time as `toISOString` writes it, and a folder, whose name may hold line feeds. */
const FORMAT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n(\/[\s\S]*)\n$/

export function describeLoad(folder: string): string {
  return `${new Date().toISOString()}\n${folder}\n`
}

/** Undefined when it is not there. @throws SpmiError `damaged` */
export function readLoadNote(path: string): LoadNote | undefined {
  const text = readSmallFile(path)
  if (text === undefined) return undefined
  const [, time = '', folder] = FORMAT.exec(text) ?? []
  if (folder !== undefined) return { time: new Date(time), folder }
  throw new DamagedFile(path, text === '' ? 'it is empty' : 'it does not say when and whence')
}
