/** What page and device tell, as events of the core. The only file that knows of `window` and `document`. */
import type { Signal } from '../core/event.js'
import type { Clock } from '../ports/clock.js'

/** Wall clock and monotonic clock may drift this far between two looks before it counts as a jump. */
const jumpMs = 5_000

export interface Signals {
  /** Compares the clocks; called at every wake of the shell. */
  look(): void
  stop(): void
}

/** Listens until `stop`. Where there is no page (Node, workers) only clock jumps are told. */
export function listen(clock: Clock, tell: (signal: Signal) => void): Signals {
  const stops: (() => void)[] = []
  const on = (target: EventTarget | undefined, type: string, run: () => void) => {
    target?.addEventListener(type, run)
    if (target) stops.push(() => target.removeEventListener(type, run))
  }
  const page = typeof document === 'undefined' ? undefined : document
  const frame = typeof window === 'undefined' ? undefined : window
  on(frame, 'online', () => tell('online'))
  on(frame, 'offline', () => tell('offline'))
  on(page, 'visibilitychange', () => tell(page?.visibilityState === 'hidden' ? 'hidden' : 'visible'))
  on(frame, 'pagehide', () => tell('hidden'))
  on(frame, 'pageshow', () => tell('resume'))
  on(page, 'freeze', () => tell('hidden'))
  on(page, 'resume', () => tell('resume'))
  if (page?.visibilityState === 'hidden') tell('hidden')
  let drift = clock.wall() - clock.now()
  return {
    look() {
      const now = clock.wall() - clock.now()
      if (Math.abs(now - drift) > jumpMs) tell('clock-jump')
      drift = now
    },
    stop() {
      for (const stop of stops.splice(0)) stop()
    },
  }
}
