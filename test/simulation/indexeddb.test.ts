/**
 * The same world over the adapter that ships for browsers, its engine's queue on the virtual clock.
 *   npm run soak -- indexeddb --seeds 1000
 */
import { describe, expect, it } from 'vitest'
import { runSeeds } from './histories.js'
import { indexedDbDisk, onVirtualTime } from './virtual-indexeddb.js'

const seeds = Number(process.env.SEEDS ?? 200)

describe('a simulated world over IndexedDB', () => {
  it('keeps every invariant of L1–L11 after every step, whatever fails', { timeout: Math.max(600_000, 3_000 * seeds) }, async () => {
    const run = await runSeeds(1, seeds, { disk: indexedDbDisk, inspect: onVirtualTime })
    expect(run.broken).toEqual([])
    expect(run.histories).toBe(seeds)
  })
})
