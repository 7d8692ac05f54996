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

interface Subscriber<T> {
  readonly run: (value: T) => void
  told: { readonly value: T } | null
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
      const runs = new Set<Subscriber<T>>()
      const tell = (each: Subscriber<T>, value: T) => {
        each.told = { value }
        try {
          each.run(value)
        } catch (error) {
          onThrow(error)
        }
      }
      const cell: Cell = {
        tell() {
          const value = compute()
          for (const each of [...runs]) if (runs.has(each) && each.told?.value !== value) tell(each, value)
        },
      }
      return {
        get: compute,
        subscribe(run) {
          const each: Subscriber<T> = { run, told: null }
          runs.add(each)
          if (runs.size === 1 && !stopped) {
            active.add(cell)
            hooks.first?.()
          }
          tell(each, compute())
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
