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
  const { window, document }: Partial<typeof globalThis> = globalThis
  const ending = new AbortController()
  const on = (target: EventTarget | undefined, type: string, signal = () => type as Signal) =>
    target?.addEventListener(type, () => tell(signal()), ending)
  const hidden = () => 'hidden' as const
  const resume = () => 'resume' as const
  on(window, 'online')
  on(window, 'offline')
  on(window, 'pagehide', hidden)
  on(window, 'pageshow', resume)
  on(document, 'freeze', hidden)
  on(document, resume())
  on(document, 'visibilitychange', () => (document as Document).visibilityState)
  if (document?.visibilityState === hidden()) tell(hidden())
  const drifted = () => clock.wall() - clock.now()
  let drift = drifted()
  return {
    look() {
      const before = drift
      drift = drifted()
      if (Math.abs(drift - before) > jumpMs) tell('clock-jump')
    },
    stop: () => ending.abort(),
  }
}
