/** What a tab touches, cut off from it when it dies: nothing reaches a dead tab; what it had asked of the disk happens all the same. */
import type { Lanes } from '../../client/lanes.js'
import type { Clock } from '../../ports/clock.js'
import type { StorageFactory } from '../../ports/storage.js'
import type { Time } from './time.js'

const never = new Promise<never>(() => {})

export function mortalClock({ clock, beat }: Time, isAlive: () => boolean): Clock {
  return {
    now: clock.now,
    wall: clock.wall,
    roll: clock.roll,
    timer: (atMs, run) =>
      clock.timer(atMs, () => {
        if (!isAlive()) return
        beat()
        run()
      }),
  }
}

/** `committed` runs after every commit that was worked on, whoever still lives. */
export function mortalStorage(factory: StorageFactory, isAlive: () => boolean, committed: () => void): StorageFactory {
  return (scope, to) => {
    const storage = factory(scope, {
      state: (state) => {
        if (isAlive()) to.state(state)
      },
    })
    const living = <T>(result: Promise<T>): Promise<T> =>
      result.then(
        (value) => (isAlive() ? value : never),
        (error: unknown) => {
          if (!isAlive()) return never
          throw error
        },
      )
    const count = () => committed()
    return {
      read: (range) => living(storage.read(range)),
      commit(writes, options) {
        const done = storage.commit(writes, options)
        done.then(count, count)
        return living(done)
      },
      close: () => storage.close(),
    }
  }
}

/** Web Locks of one browser, by lane: one is free when no living tab holds it. `adopted` hears of lanes of the dead. */
export function locksOf<Tab>(held: Map<string, Tab>, tab: () => Tab, adopted: (lane: string) => void): Lanes {
  return {
    async claim(lane) {
      const owner = held.get(lane)
      if (owner && owner !== tab()) return false
      held.set(lane, tab())
      adopted(lane)
      return true
    },
    release() {
      for (const [lane, owner] of held) if (owner === tab()) held.delete(lane)
    },
  }
}
