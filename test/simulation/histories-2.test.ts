/** Half of the histories; the other half runs beside it. */
import { describe, expect, it } from 'vitest'
import { runSeeds, shortfalls, table } from './histories.js'

describe('a simulated world, seeds 1001 to 2000', () => {
  it('keeps every invariant of L1–L11 after every step, whatever fails', { timeout: 600_000 }, async () => {
    const run = await runSeeds(1001, 2000)
    process.stdout.write(`${table(run)}\n`)
    expect(run.broken).toEqual([])
    expect(shortfalls(run)).toEqual([])
  })
})
