/**
 * Readables over the state: `get` computes from what stands now, subscribers hear once per microtask and only of a
 * snapshot that is another object. A subscriber that throws is reported and harms no other.
 */
import type { Readable } from './api.js'

export interface Readables {
  /** `compute` must give the same object while nothing it shows has changed. */
  make<T>(compute: () => T, hooks?: { first?: () => void; last?: () => void }): Readable<T>
  /** Something may have changed: subscribers are told in the next microtask. */
  changed(): void
  stop(): void
}

/** Its `then` is the next microtask, and cheaper in Node than `queueMicrotask`. */
const settled = Promise.resolve()

interface Cell {
  tell(): void
}

export function readables(onThrow: (error: unknown) => void): Readables {
  const active = new Set<Cell>()
  let scheduled = false
  let stopped = false

  const flush = () => {
    scheduled = false
    for (const cell of [...active]) cell.tell()
  }

  return {
    make<T>(compute: () => T, hooks: { first?: () => void; last?: () => void } = {}): Readable<T> {
      const runs = new Set<{ readonly run: (value: T) => void }>()
      let told: T
      const call = (run: (value: T) => void, value: T) => {
        try {
          run(value)
        } catch (error) {
          onThrow(error)
        }
      }
      const cell: Cell = {
        tell() {
          const value = compute()
          if (value === told) return
          told = value
          for (const each of [...runs]) if (runs.has(each)) call(each.run, value)
        },
      }
      return {
        get: compute,
        subscribe(run) {
          const each = { run }
          runs.add(each)
          if (runs.size === 1 && !stopped) {
            active.add(cell)
            hooks.first?.()
            told = compute()
          }
          call(run, compute())
          return () => {
            if (!runs.delete(each) || runs.size > 0) return
            active.delete(cell)
            if (!stopped) hooks.last?.()
          }
        },
      }
    },
    changed() {
      if (scheduled || active.size === 0) return
      scheduled = true
      void settled.then(flush)
    },
    stop() {
      stopped = true
    },
  }
}
