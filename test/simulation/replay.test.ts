/**
 * One history again: `SEED=<n> npx vitest run test/simulation/replay.test.ts` prints everything that happens in it; with
 * `STEPS=4,8,15` only these of its steps are done.
 */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'

const asked = process.env.SEED
const only = process.env.STEPS?.split(',').map(Number)

describe('one seed', () => {
  it('gives one trace (L12), and no invariant is broken in it (L1–L11)', async () => {
    const seed = Number(asked ?? 7)
    const first = await runHistory({ seed, only, keepLines: asked !== undefined })
    if (asked !== undefined) process.stdout.write(`${first.lines.join('\n')}\n`)
    const second = await runHistory({ seed, only })
    expect(second.hash).toBe(first.hash)
    expect(first.breach).toBeNull()
  })

  it('gives another trace than the next (L12)', async () => {
    const [one, other] = [await runHistory({ seed: 7, steps: 20 }), await runHistory({ seed: 8, steps: 20 })]
    expect(one.hash).not.toBe(other.hash)
  })
})
