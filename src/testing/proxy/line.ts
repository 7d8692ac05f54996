/** What is under way in one direction: first in, first out, and nothing before its time. */
import type { Clock } from '../../ports/clock.js'

export interface Line {
  /** Runs in turn, not before `atMs` of the clock. What returns a promise holds up what is behind it. */
  put(atMs: number, run: () => void | Promise<void>): void
  /** Loses what is under way, and takes nothing more. */
  stop(): void
}

export function createLine(clock: Clock): Line {
  const queue: { readonly atMs: number; readonly run: () => void | Promise<void> }[] = []
  let stopped = false
  let busy = false
  let cancel = () => {}

  async function drain() {
    busy = true
    for (let next = queue[0]; next; next = queue[0]) {
      if (next.atMs > clock.now()) {
        cancel = clock.timer(next.atMs, drain)
        return
      }
      queue.shift()
      await next.run()
    }
    busy = false
  }

  return {
    put(atMs, run) {
      if (stopped) return
      queue.push({ atMs, run })
      if (!busy) void drain()
    },
    stop() {
      stopped = true
      queue.length = 0
      cancel()
    },
  }
}
