/**
 * Bugs planted on purpose: each must be caught by a broken invariant within 500 histories, and each invariant must be the first to
 * catch one, or the world proves nothing. `npm run mutants` looks for the first seed of each and writes the table in `docs/invariants.md`.
 */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'
import { type InvariantName, invariantNames } from '../../src/testing/world/invariants.js'
import { type Mutant, mutants } from './mutants.js'
import { type Catch, readCatches, writeCatches } from './mutants-table.js'

const mostSeeds = 500
const isWriting = process.env.MUTANTS === 'write'

const known = readCatches()
const caught = new Map<string, Catch>()

/** Where the table says, else from the first seed on. */
async function firstCatch({ name, bugs, by }: Mutant): Promise<Catch | undefined> {
  const told = isWriting ? undefined : known.get(name)?.seed
  for (let n = told === undefined ? 1 : 0; n <= mostSeeds; n++) {
    const seed = n === 0 ? (told as number) : n
    globalThis.planted = bugs
    const { breach } = await runHistory({ seed })
    globalThis.planted = {}
    // A seed that breaks without the bug proves nothing about it.
    const isIt = breach && (by ?? breach.invariant) === breach.invariant
    if (isIt && !(await runHistory({ seed })).breach) return { name, invariant: breach.invariant, seed }
  }
  return undefined
}

describe('a planted bug breaks an invariant', () => {
  it.each(mutants)('$name', { timeout: 600_000 }, async (mutant) => {
    const found = await firstCatch(mutant)
    if (found) caught.set(found.name, found)
    expect(found, `nothing was broken in ${mostSeeds} histories`).toBeDefined()
  })

  it('and every invariant is the first to catch one', () => {
    if (isWriting) writeCatches([...caught.values()])
    const first = new Set<InvariantName>([...caught.values()].map(({ invariant }) => invariant))
    expect(invariantNames.filter((name) => !first.has(name))).toEqual([])
  })

  it('and stands in the table', () => expect(mutants.filter(({ name }) => !readCatches().has(name))).toEqual([]))
})
