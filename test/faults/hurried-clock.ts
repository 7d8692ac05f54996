/** A clock that goes faster than the machine's: backoff, deadlines and heartbeats of the core pass in a fraction of their time, unchanged. */
import type { Clock } from '../../src/index.js'
import { seeded } from '../../src/testing/index.js'

export function hurriedClock(times: number, seed: number): Clock {
  const startMs = Date.UTC(2025, 0, 1)
  const now = () => performance.now() * times
  return {
    now,
    wall: () => startMs + now(),
    roll: seeded(seed),
    timer(atMs, run) {
      const handle = setTimeout(run, Math.max(0, Math.ceil((atMs - now()) / times)))
      return () => clearTimeout(handle)
    },
  }
}
