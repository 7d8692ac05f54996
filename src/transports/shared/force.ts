/** When the lock may be taken by force: by one tab at a time, once a minute. Timers of hidden tabs all run at one moment. */
import type { House } from './host.js'
import type { LockEvents, Tabs } from './tabs.js'

/** So long after the lock was taken by force nobody takes it by force. */
const robberyPauseMs = 60_000
/** Who gets the licence to use force waits so long: by then it has heard whether another has just used it. */
const licenceMs = 1_000

/** A place in the queue for a lock, or the lock; what is released is not asked for again. */
export function claim(tabs: Tabs, name: string, to: LockEvents) {
  let release = tabs.lock(name, to)
  return {
    force() {
      release()
      release = tabs.lock(name, to, true)
    },
    release: () => release(),
  }
}

export interface Force {
  /** Uses force as soon as nobody else does; asked again before that, the licence itself is taken by force: who has it sleeps. */
  want(): void
  drop(): void
}

export function createForce(house: House, name: string, use: (peaceMs: number) => void): Force {
  const { tabs, clock } = house
  let licence: ReturnType<typeof claim> | undefined
  let stop = () => {}

  function prepare() {
    stop()
    stop = clock.timer(clock.now() + licenceMs, () => {
      house.peaceUntilMs = clock.now() + robberyPauseMs
      use(robberyPauseMs)
    })
  }

  return {
    want() {
      if (clock.now() < house.peaceUntilMs) return
      if (licence) licence.force()
      else licence = claim(tabs, `${name}/licence`, { held: prepare, lost() {} })
    },
    drop() {
      stop()
      licence?.release()
      licence = undefined
    },
  }
}
