/** Manual pages in the macros of man(7). What takes text takes it as it is; what takes roff says so. */

/** Columns that lines of text have at most, as mandoc(1) advises. */
const WIDTH = 72

const PARAGRAPH = '.PP'

/** What a page is called, and where it belongs. */
export interface PageTitle {
  readonly name: string
  readonly section: number
  /** The section's name: "User Commands". */
  readonly volume: string
  readonly version: string
  /** YYYY-MM-DD. */
  readonly date: string
}

/** Text that means itself, whatever it holds. Source: groff_man_style(7), "Portability" and "Notes". */
export function escapeRoff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/^\./gm, '\\&.')
}

export const bold = (text: string) => `\\fB${escapeRoff(text)}\\fR`
export const italic = (text: string) => `\\fI${escapeRoff(text)}\\fR`

/** A page: its head, and lines of which each is roff already. */
export function renderPage(title: PageTitle, lines: readonly string[]): string {
  const { name, section, date, version, volume } = title
  const head = `.TH ${quote(name.toUpperCase())} ${section} "${date}" ${quote(`SPMI ${version}`)} ${quote(volume)}`
  return ['.\\" Made by scripts/generate.ts', head, ...lines, ''].join('\n')
}

/** A section of roff. */
export const section = (heading: string, lines: readonly string[]) => [
  `.SH ${quote(heading)}`,
  ...(lines[0] === PARAGRAPH ? lines.slice(1) : lines), // the heading begins one
]

/** A part of a section, of roff. */
export const subsection = (heading: string, lines: readonly string[]) => [`.SS ${quote(heading)}`, ...lines]

/** A paragraph. */
export const paragraph = (text: string) => [PARAGRAPH, ...fill(text)]

/** A term of roff, and what it means. */
export const entry = (term: string, text: string) => ['.TP', term, ...fill(text)]

/** Text in lines of roff, which are filled again when they are shown. */
export function fill(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(escapeRoff(line))
      line = word
    } else line += (line === '' ? '' : ' ') + word
  }
  return [...lines, escapeRoff(line)]
}

/** Lines as they are. */
export const verbatim = (text: string) => [
  '.PP',
  '.RS 4',
  '.EX',
  ...escapeRoff(text).split('\n'),
  '.EE',
  '.RE',
]

/** An argument of a macro. */
function quote(text: string): string {
  return `"${escapeRoff(text).replaceAll('"', '\\(dq')}"`
}
