/**
 * The same world over the adapter that ships for browsers, its engine's queue on the virtual clock: half of the histories; the other
 * half runs beside it.
 *   npm run soak -- indexeddb --seeds 1000
 */
import { describe, expect, it } from 'vitest'
import { runSeeds } from './histories.js'
import { halfOf, seeds, timeout } from './virtual-indexeddb.js'

describe('a simulated world over IndexedDB, first half of the seeds', () => {
  it('keeps every invariant of L1–L11 after every step, whatever fails', { timeout }, async () => {
    const run = await runSeeds(1, halfOf(seeds), { disk: 'indexeddb' })
    expect(run.broken).toEqual([])
    expect(run.histories).toBe(halfOf(seeds))
  })
})
