/** The table of planted bugs in `docs/invariants.md`: which invariant catches each first, and in which history. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type InvariantName, invariants } from '../../src/testing/world/invariants.js'

export interface Catch {
  readonly name: string
  readonly invariant: InvariantName
  /** The first seed from 1 on that catches it: so many histories it takes. */
  readonly seed: number
}

const path = fileURLToPath(new URL('../../docs/invariants.md', import.meta.url))
const heading = '## Planted bugs\n'

export function readCatches(): Map<string, Catch> {
  const [, table = ''] = readFileSync(path, 'utf8').split(heading)
  const rows = [...table.matchAll(/^\| (.+?) \| `(\S+)` \| L\d+ \| (\d+) \|$/gm)]
  return new Map(rows.map(([, name = '', invariant, seed]) => [name, { name, invariant: invariant as InvariantName, seed: Number(seed) }]))
}

export function writeCatches(catches: readonly Catch[]): void {
  const [before = ''] = readFileSync(path, 'utf8').split(heading)
  const rows = catches.map(({ name, invariant, seed }) => `| ${name} | \`${invariant}\` | ${invariants[invariant].law} | ${seed} |`)
  const text = [
    heading,
    'Each breaks one rule, by a switch that the build takes out. The simulated world must catch every one of them; `npm run mutants` makes the table anew.',
    '',
    '| planted bug | first broken | law | caught by seed |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ]
  writeFileSync(path, `${before.trimEnd()}\n\n${text.join('\n')}`)
}
