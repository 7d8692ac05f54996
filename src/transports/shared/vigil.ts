/** Notices that the holder sleeps or is gone: it is asked every few seconds, and doubted when it has not answered for as long again. */
import type { Clock } from '../../ports/clock.js'

const quietMs = 4_000

export interface Vigil {
  /** The holder has proved to be awake, or there is a new one. */
  rest(): void
  stop(): void
}

/** Only what was asked and not answered counts: a tab that wakes from sleep itself asks first. */
export function keepVigil(clock: Clock, { ask, doubt }: { ask(): void; doubt(): void }): Vigil {
  let stop = () => {}
  const wait = (ms: number, run: () => void) => {
    stop()
    stop = clock.timer(clock.now() + ms, run)
  }
  const rest = () =>
    // Not all tabs at once: the first to doubt is heard by the others.
    wait(quietMs * (1 + clock.roll() / 4), () => {
      ask()
      wait(quietMs, doubt)
    })
  rest()
  return { rest, stop: () => stop() }
}
