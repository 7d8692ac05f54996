/**
 * Notices that the holder sleeps or is gone, and when the lock may be taken by force: by one tab at a time, once a minute.
 * Timers of hidden tabs all run at one moment.
 */
import type { House } from './host.js'
import { createSlot } from './slot.js'

/** The holder is asked every few seconds, and doubted when it has not answered for as long again. */
const quietMs = 4_000
/** So long after the lock was taken by force nobody takes it by force. */
const robberyPauseMs = 60_000
/** Who gets the licence to use force waits so long: by then it has heard whether another has just used it. */
const licenceMs = 1_000

export interface Vigil {
  /** The holder has proved to be awake, or there is a new one. */
  trust(): void
  stop(): void
}

/** Only what was asked and not answered counts: a tab that wakes from sleep itself asks first. */
export function keepVigil(house: House, name: string, ask: () => void, rob: (peaceMs: number) => void): Vigil {
  const { tabs, clock } = house
  const [wait, licence, licenceWait] = [createSlot(), createSlot(), createSlot()]
  let isAsked = false
  const after = (ms: number, run: () => void) => () => clock.timer(clock.now() + ms, run)

  function rest() {
    // Not all tabs at once: the first to doubt is heard by the others.
    wait(
      after(quietMs * (1 + clock.roll() / 4), () => {
        ask()
        wait(after(quietMs, doubt))
      }),
    )
  }

  /** Uses force as soon as nobody else does; asked again before that, the licence itself is taken by force: who has it sleeps. */
  function doubt() {
    rest()
    if (clock.now() < house.peaceUntilMs && !planted.hastyForce) return
    licence(() => tabs.lock(`${name}/licence`, { held: prepare }, isAsked))
    isAsked = true
  }

  function prepare() {
    licenceWait(
      after(licenceMs, () => {
        house.peaceUntilMs = clock.now() + robberyPauseMs
        rob(robberyPauseMs)
      }),
    )
  }

  function drop() {
    licenceWait()
    licence()
    isAsked = false
  }

  rest()
  return {
    trust() {
      if (planted.hastyForce) return
      drop()
      rest()
    },
    stop() {
      drop()
      wait()
    },
  }
}
