/**
 * The life of a tab, and what it touches, cut off from it while it sleeps and when it dies: nothing reaches a dead tab, what
 * reaches a sleeping one waits for it, and what either had asked of the disk happens all the same.
 */
import type { Lanes } from '../../client/lanes.js'
import type { Clock } from '../../ports/clock.js'
import type { Storage, StorageFactory, StorageState, Write } from '../../ports/storage.js'
import { memoryStorage } from '../../storage/memory/index.js'
import { storageError } from '../../storage/storage-error.js'
import { never, type Time } from './time.js'

export interface Life {
  isAlive(): boolean
  isAwake(): boolean
  /** Runs it now, or when the tab wakes; never once it is dead. */
  run(task: () => void): void
  freeze(): void
  thaw(): void
  kill(): void
  /** Timers run only at multiples of this. Default 1: each at its time. */
  throttle(ms: number): void
  /** When a timer that is due now may run. */
  dueMs(nowMs: number): number
  /** Timers that wait. */
  readonly timers: Set<Waiting>
}

interface Waiting {
  /** The tab is throttled no more, or otherwise: one that was put off is due anew. */
  again(): void
}

export function newLife(beat: () => void): Life {
  let state: 'awake' | 'asleep' | 'dead' = 'awake'
  let everyMs = 1
  const backlog: (() => void)[] = []
  const timers = new Set<Waiting>()
  return {
    isAlive: () => state !== 'dead',
    isAwake: () => state === 'awake',
    run(task) {
      if (state === 'asleep') backlog.push(task)
      else if (state === 'awake') task()
    },
    freeze() {
      if (state === 'awake') state = 'asleep'
    },
    thaw() {
      if (state !== 'asleep') return
      state = 'awake'
      beat()
      for (const task of backlog.splice(0)) task()
    },
    kill() {
      state = 'dead'
      backlog.length = 0
    },
    throttle(ms) {
      everyMs = ms
      for (const timer of timers) timer.again()
    },
    dueMs: (nowMs) => Math.ceil(nowMs / everyMs) * everyMs,
    timers,
  }
}

/** `wallMs`: how far the clock on this device's wall is off. */
export function mortalClock({ clock, beat }: Time, life: Life, roll: () => number, wallMs: () => number): Clock {
  const set = (atMs: number, run: () => void): (() => void) => {
    let cancel = () => {}
    let isPutOff = false
    const timer: Waiting = {
      again() {
        if (!isPutOff) return
        cancel()
        cancel = clock.timer(clock.now(), due)
      },
    }
    life.timers.add(timer)
    const due = () => {
      const nextMs = life.dueMs(clock.now())
      isPutOff = nextMs > clock.now()
      if (isPutOff) {
        cancel = clock.timer(nextMs, due)
        return
      }
      life.run(() => {
        if (!life.timers.delete(timer)) return
        beat()
        run()
      })
    }
    cancel = clock.timer(atMs, due)
    return () => {
      life.timers.delete(timer)
      cancel()
    }
  }
  return { now: clock.now, wall: () => clock.wall() + wallMs(), roll, timer: set }
}

export interface StorageTroubles {
  /** The next commit lands, and is said to have failed. */
  failLanded: boolean
  /** The next tab does not get the database open. */
  blockNext: boolean
}

export interface MortalStorage {
  readonly factory: StorageFactory
  /** It was asked to clear all of it. */
  isWiping(): boolean
  /** The engine closes the database: what is under way fails. With a reason rows are kept in memory from now on. */
  close(reason?: StorageState['reason']): void
}

interface Heard {
  /** A commit is asked for. */
  writing(writes: readonly Write[]): void
  /** After every commit that was worked on, whoever still lives. */
  committed(): void
}

export function mortalStorage(
  factory: StorageFactory,
  life: Life,
  troubles: StorageTroubles,
  { writing, committed }: Heard,
): MortalStorage {
  let fallen: StorageState['reason']
  let closings = 0
  let isWiping = false
  const asked = (work: () => Promise<void>): Promise<void> =>
    work().then(() => {
      if (!troubles.failLanded) return
      troubles.failLanded = false
      throw storageError('failed', 'The rows were written, but nobody was told: this failure was asked for.')
    })
  return {
    isWiping: () => isWiping,
    close(reason) {
      closings += 1
      fallen ??= reason
    },
    factory(scope, to) {
      const events = { state: (state: StorageState) => life.run(() => to.state(state)) }
      // A disk that opens after it was given up is not spoken of.
      const disk = factory(scope, { state: (state) => fallen ?? events.state(state) })
      const memory = memoryStorage()(scope, { state: (state) => events.state({ ...state, reason: fallen }) })
      if (troubles.blockNext) fallen = 'blocked'
      troubles.blockNext = false
      const call = <T>(work: (at: Storage) => Promise<T>): Promise<T> => {
        const born = closings
        const wasDisk = fallen === undefined
        /** When the tab hears of it: now, once it wakes, or never. */
        const told = (): Promise<void> | undefined => {
          if (life.isAwake()) return undefined
          return life.isAlive() ? new Promise((resolve) => life.run(resolve)) : never()
        }
        return work(fallen ? memory : disk).then(
          async (value) => {
            await told()
            // It was under way when the engine closed the database.
            if (wasDisk && born !== closings) throw storageError('failed', 'The database was closed: this was asked for.')
            return value
          },
          async (error: unknown) => {
            await told()
            throw error
          },
        )
      }
      return {
        // The adapter asks again where it now has its rows.
        read: (range) => call((at) => at.read(range)).catch((error) => (fallen ? call((at) => at.read(range)) : Promise.reject(error))),
        commit: (writes, options) =>
          call((at) => {
            writing(writes)
            isWiping ||= writes.some((write) => write.kind === 'clear' && write.range.prefix.length === 0)
            const done = asked(() => at.commit(writes, options))
            done.then(committed, committed)
            return done
          }),
        close: () => disk.close(),
      }
    },
  }
}

/** Web Locks of one browser, by lane: one is free when no living tab holds it. `adopted` hears of lanes of the dead. */
export function locksOf<Tab>({ held, waiting }: Locks<Tab>, tab: () => Tab, adopted: (lane: string) => void): Lanes {
  const hold = (lane: string) => {
    held.set(lane, tab())
    adopted(lane)
  }
  return {
    locks: true,
    async claim(lane, had) {
      const granted = () => {
        hold(lane)
        had?.()
      }
      if (held.has(lane)) waiting.push({ lane, tab: tab(), granted })
      else granted()
    },
    release: () => letGo({ held, waiting }, tab()),
  }
}

/** A browser without Web Locks: every lane counts as free. `twice` hears of those whose owner lives. */
export function noLocks<Tab>({ held }: Locks<Tab>, tab: () => Tab, twice: () => void): Lanes {
  return {
    async claim(lane, had) {
      const owner = held.get(lane)
      if (owner && owner !== tab()) twice()
      else held.set(lane, tab())
      had?.()
    },
    release: () => letGo({ held, waiting: [] }, tab()),
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
