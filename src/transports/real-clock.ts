/** The machine's own time and chance. */
import type { Clock } from '../ports/clock.js'

export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  roll: () => Math.random(),
  timer(atMs, run) {
    const id = setTimeout(run, Math.max(0, atMs - performance.now()))
    return () => clearTimeout(id)
  },
}
