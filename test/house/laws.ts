/** Which tests name which law, and the page that lists them: a test names a law by `L3` or `L1–L8` in its title. */
import ts from 'typescript'
import { parse } from './imports.js'
import type { Source } from './source.js'

export interface NamedTest {
  readonly path: string
  readonly title: string
  readonly laws: readonly number[]
}

/** Every law that a title names; `L1–L3` names three. */
export function lawsIn(title: string): number[] {
  const laws = new Set<number>()
  for (const [, first, last] of title.matchAll(/\bL(\d{1,2})(?:\s?[–-]\s?L(\d{1,2}))?\b/g)) {
    for (let law = Number(first); law <= Number(last ?? first); law++) laws.add(law)
  }
  return [...laws].sort((a, b) => a - b)
}

/** Tests and groups whose title names a law. */
export function testsNamingLaws(sources: readonly Source[]): NamedTest[] {
  return sources
    .flatMap((source) => titlesOf(source).map((title) => ({ path: source.path, title, laws: lawsIn(title) })))
    .filter(({ laws }) => laws.length > 0)
}

function titlesOf(source: Source): string[] {
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTestCall(node.expression)) {
      const title = node.arguments[0]
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(parse(source))
  return titles
}

/** `it`, `test` or `describe`, and what hangs on them: `it.each(table)`, `describe.sequential`. */
function isTestCall(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['it', 'test', 'describe'].includes(callee.text)
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee)) {
    return isTestCall(ts.isTaggedTemplateExpression(callee) ? callee.tag : callee.expression)
  }
  return false
}

/** The numbers of the laws that a page states, in its order. */
export const lawsStated = (page: string): number[] => [...page.matchAll(/^## L(\d+)\b/gm)].map(([, law]) => Number(law))

/** The page with the list of tests under each law made anew. */
export function withTests(page: string, tests: readonly NamedTest[]): string {
  return page
    .split(/^(?=## )/m)
    .map((section) => {
      const [law] = lawsStated(section)
      if (law === undefined) return section
      const listed = tests.filter(({ laws }) => laws.includes(law)).map(({ path, title }) => `- \`${path}\`: ${title}`)
      return `${section.replace(/\nTests:[\s\S]*$/, '').trimEnd()}\n\nTests:\n\n${listed.join('\n') || '- none yet'}\n\n`
    })
    .join('')
    .trimEnd()
    .concat('\n')
}
