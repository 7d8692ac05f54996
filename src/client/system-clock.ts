/** The machine's own time and chance. */
import type { Clock } from '../ports/clock.js'

/** The longest wait `setTimeout` keeps; a longer one is asked again by the shell. */
const longestMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  roll: () => Math.random(),
  timer(atMs, run) {
    const handle = setTimeout(run, Math.min(Math.max(0, Math.ceil(atMs - performance.now())), longestMs))
    return () => clearTimeout(handle)
  },
}
