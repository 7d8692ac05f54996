/** The machine's own time and chance. */
import type { Clock } from './clock.js'

/** The longest wait `setTimeout` keeps; a longer one is asked again by the shell. */
const longestMs = 2 ** 31 - 1

/**
 * Bytes of chance, drawn in blocks: ulidx asks once per character, and one call of the system each would cost more than everything
 * else in a send.
 */
const block = new Uint8Array(4_096)
let at = block.length

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  /** Cryptographically random, in steps of 1/256. */
  roll() {
    if (at === block.length) {
      crypto.getRandomValues(block)
      at = 0
    }
    return (block[at++] as number) / 256
  },
  timer(atMs, run) {
    const handle = setTimeout(run, Math.min(Math.ceil(atMs - performance.now()), longestMs))
    return () => clearTimeout(handle)
  },
}
