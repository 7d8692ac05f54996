/** The other half of the histories over IndexedDB. */
import { describe, expect, it } from 'vitest'
import { runSeeds } from './histories.js'
import { halfOf, seeds, timeout } from './virtual-indexeddb.js'

describe('a simulated world over IndexedDB, second half of the seeds', () => {
  it('keeps every invariant of L1–L11 after every step, whatever fails', { timeout }, async () => {
    const run = await runSeeds(halfOf(seeds) + 1, seeds, { disk: 'indexeddb' })
    expect(run.broken).toEqual([])
    expect(run.histories).toBe(seeds - halfOf(seeds))
  })
})
