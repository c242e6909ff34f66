// A plug-in of TypeDoc: a page is named by its first heading, so that this need not be said twice, and the API by what
// it is. The front page has a title of its own.
import { Converter, ReflectionKind } from 'typedoc'

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const title = findHeading(document.content)?.[1]
    if (title === undefined) throw new Error(`${document.name} does not begin with a heading`)
    document.name = title
  })
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) module.name = 'API reference'
    const heading = findHeading(project.readme)?.[0]
    if (heading !== undefined) project.readme[0].text = project.readme[0].text.slice(heading.length)
  })
}

function findHeading(content) {
  const [first] = content ?? []
  return first?.kind === 'text' ? /^# (.+)\n+/.exec(first.text) : undefined
}
