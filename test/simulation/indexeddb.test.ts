/**
 * The same world over the adapter that ships for browsers, its engine's queue on the virtual clock.
 *   npm run soak -- indexeddb --seeds 200
 */
import { describe, expect, it } from 'vitest'
import { runSeeds } from './histories.js'

const seeds = Number(process.env.SEEDS ?? 60)

describe('a simulated world over IndexedDB', () => {
  it('keeps every invariant of L1–L11 after every step, whatever fails', { timeout: 600_000 }, async () => {
    const run = await runSeeds(1, seeds, { disk: 'indexeddb' })
    expect(run.broken).toEqual([])
    expect(run.histories).toBe(seeds)
  })
})
