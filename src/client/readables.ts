/**
 * Readables over the state: `get` computes from what stands now, subscribers hear once per microtask and only of a
 * snapshot that is another object. A subscriber that throws is reported and harms no other.
 */
import type { Readable } from './api.js'
import { guarded } from './guarded.js'
import { soon } from './soon.js'

export interface Readables {
  /** `compute` must give the same object while nothing it shows has changed. `first` and `last` run around the time it has subscribers. */
  make<T>(compute: () => T, first?: () => void, last?: () => void): Readable<T>
  /** Something may have changed: subscribers are told in the next microtask. */
  changed(): void
}

export function readables(onThrow: (error: unknown) => void): Readables {
  /** The ways to tell every Readable that has subscribers. */
  const active = new Set<() => void>()
  let scheduled = false

  const flush = () => {
    scheduled = false
    for (const tell of active) tell()
  }

  return {
    make<T>(compute: () => T, first?: () => void, last?: () => void): Readable<T> {
      const subscribers = new Set<(value: T) => void>()
      // Computed for each: one that changes something does not let the next hear of what was.
      const tell = () => {
        for (const each of subscribers) each(compute())
      }
      return {
        get: compute,
        subscribe(run) {
          let told: unknown = run
          const tellOne = guarded(run, onThrow)
          const each = (value: T) => {
            if (told === value) return
            told = value
            tellOne(value)
          }
          if (subscribers.add(each).size === 1) {
            active.add(tell)
            first?.()
          }
          each(compute())
          return () => {
            if (!subscribers.delete(each) || subscribers.size > 0) return
            active.delete(tell)
            last?.()
          }
        },
      }
    },
    changed() {
      if (scheduled || active.size === 0) return
      scheduled = true
      soon(flush)
    },
  }
}
