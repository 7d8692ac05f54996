/**
 * The page of what no test notices: `docs/reference/survivors.md`, a table for each file. A run writes the tables of the files that it
 * changed and leaves the others. The last column is for people, and stays with its change wherever that has moved to.
 */

export const unread = 'not read yet'
const wholly = (missed, all) => `Of ${all.toLocaleString('en')} changes no test notices ${missed.toLocaleString('en')}: these.`
const inParts = 'No whole run has written this page yet: it holds the files that were run by name.'
/** A bar within a cell has a backslash before it. */
const row = /^\| (?<line>\d+) \| (?<was>.*?) \| (?<becomes>.*?) \| (?<why>[^|]*) \|$/gm
const columns = '| line | this | becomes | why it may |\n| --- | --- | --- | --- |'

export const isMissed = ({ status }) => status === 'Survived' || status === 'NoCoverage'
const counts = ({ status }) => isMissed({ status }) || status === 'Killed' || status === 'Timeout'

/** The next page from the last one and a report of Stryker. `isWhole`: every file was changed. */
export function survivorsPage(last, files, isWhole) {
  const known = tablesOf(last)
  const tables = new Map(isWhole ? [] : known)
  for (const [path, { source, mutants }] of Object.entries(files)) {
    const reasons = known.get(path) ?? []
    const missed = mutants.filter(isMissed).sort((a, b) => a.location.start.line - b.location.start.line || Number(a.id) - Number(b.id))
    tables.set(
      path,
      missed.map((mutant) => {
        const [line, was, becomes] = [String(mutant.location.start.line), code(wasOf(source, mutant)), code(mutant.replacement)]
        const same = reasons.findIndex((each) => each.was === was && each.becomes === becomes)
        const [{ why }] = same < 0 ? [{ why: unread }] : reasons.splice(same, 1)
        return { line, was, becomes, why }
      }),
    )
  }
  const all = Object.values(files).flatMap(({ mutants }) => mutants.filter(counts))
  const said = isWhole ? wholly(all.filter(isMissed).length, all.length) : (/^Of .*$/m.exec(last)?.[0] ?? inParts)
  const parts = [...tables]
    .filter(([, rows]) => rows.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, rows]) => `## \`${path}\`\n\n${columns}\n${rows.map(rowText).join('\n')}\n`)
  return [
    `# What no test notices\n\nWritten by \`npm run mutation\`. The reasons are told in [full](../mutation.md#what-is-not-noticed).\n\n${said}\n`,
    ...parts,
  ].join('\n')
}

/** By path, the rows of a page. */
export function tablesOf(page) {
  const parts = page.split(/^## `/m).slice(1)
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('`')), Array.from(part.matchAll(row), ({ groups }) => ({ ...groups }))]))
}

/** What is changed; of several lines the first. */
function wasOf(source, { location: { start, end } }) {
  const line = source.split('\n')[start.line - 1] ?? ''
  return start.line === end.line ? line.slice(start.column - 1, end.column - 1) : `${line.slice(start.column - 1)} …`
}

const rowText = ({ line, was, becomes, why }) => `| ${line} | ${was} | ${becomes} | ${why} |`

/** A cell: no bar ends it. */
function code(text) {
  const inLine = text.replace(/\s+/g, ' ').trim().replaceAll('|', '\\|')
  return inLine.includes('`') ? `\`\` ${inLine} \`\`` : `\`${inLine}\``
}
