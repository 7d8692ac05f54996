/**
 * Histories that once broke an invariant, each named by what was wrong. A seed means the same history only as long as the world draws
 * the same, so each has a directed test beside the file that was mended too; here it guards the whole.
 */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'

const regressions: readonly (readonly [seed: number, what: string])[] = [
  [12, 'logout said that a disk was wiped for which memory stood in'],
  [23, 'a lane that was adopted went before what was in flight, and more than a window of it was'],
  [35, 'a conversation that was being read when its rows moved to memory was loading for ever'],
  [55, 'an entry that was tried again in a conversation that is gone was queued for ever'],
  [3465, 'a page with a state from above the head was shown, and a restored backup took that state back'],
]

describe('what once failed (L1–L11)', () => {
  it.each(regressions)('seed %i: %s', async (seed) => {
    const { breach } = await runHistory({ seed })
    expect(breach).toBeNull()
  })
})
