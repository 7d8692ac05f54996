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
export function locksOf<Tab>({ held, waiting }: Locks<Tab>, tab: () => Tab, adopted: (lane: string) => void): Lanes {
  const hold = (lane: string) => {
    held.set(lane, tab())
    adopted(lane)
  }
  return {
    async claim(lane, freed) {
      const owner = held.get(lane)
      if (!owner || owner === tab()) hold(lane)
      else if (freed) {
        const granted = () => {
          hold(lane)
          freed()
        }
        waiting.push({ lane, tab: tab(), granted })
      }
      return held.get(lane) === tab()
    },
    release: () => letGo({ held, waiting }, tab()),
  }
}

/** Locks by lane, and who waits for one, in order. */
export interface Locks<Tab> {
  readonly held: Map<string, Tab>
  readonly waiting: { readonly lane: string; readonly tab: Tab; readonly granted: () => void }[]
}

/** A tab ends: its lanes go to who waits for them, and it waits for none. */
export function letGo<Tab>({ held, waiting }: Locks<Tab>, tab: Tab): void {
  const left = waiting.splice(0).filter((each) => each.tab !== tab)
  waiting.push(...left)
  for (const [lane, owner] of [...held]) {
    if (owner !== tab) continue
    held.delete(lane)
    const at = waiting.findIndex((each) => each.lane === lane)
    if (at >= 0) waiting.splice(at, 1)[0]?.granted()
  }
}
