/** Chance of a run against real parts. It prints its seed; `SEED=n` draws the same again, though the parts keep their own time. */
import { seeded } from '../../src/testing/seeded.js'

export function chance(): () => number {
  const seed = Number(process.env.SEED ?? Date.now())
  process.stdout.write(`SEED=${seed}\n`)
  return seeded(seed)
}
