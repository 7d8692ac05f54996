/** One history again: `SEED=<n> npx vitest run test/simulation/replay.test.ts` prints everything that happens in it. */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'

const asked = process.env.SEED

describe('one seed', () => {
  it('gives one trace (L12), and no law is broken in it (L1–L9)', async () => {
    const seed = Number(asked ?? 7)
    const first = await runHistory({ seed, keepLines: asked !== undefined })
    if (asked !== undefined) process.stdout.write(`${first.lines.join('\n')}\n`)
    const second = await runHistory({ seed })
    expect(second.hash).toBe(first.hash)
    expect(first.breach).toBeNull()
  })

  it('gives another trace than the next (L12)', async () => {
    const [one, other] = [await runHistory({ seed: 7, steps: 20 }), await runHistory({ seed: 8, steps: 20 })]
    expect(one.hash).not.toBe(other.hash)
  })
})
