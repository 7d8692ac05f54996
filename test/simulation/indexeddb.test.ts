/** The same world over the adapter that ships for browsers, its engine's queue on the virtual clock. */
import { describe, expect, it } from 'vitest'
import { runSeeds } from './histories.js'
import { indexedDbDisk, onVirtualTime } from './virtual-indexeddb.js'

describe('a simulated world over IndexedDB, seeds 1 to 200', () => {
  it('keeps every invariant of L1–L11 after every step, whatever fails', { timeout: 600_000 }, async () => {
    const run = await runSeeds(1, 200, { disk: indexedDbDisk, inspect: onVirtualTime })
    expect(run.broken).toEqual([])
    expect(run.histories).toBe(200)
  })
})
