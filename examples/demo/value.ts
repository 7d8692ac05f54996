/** Something that changes, in the shape that chatloom's own have. */
import type { Readable } from 'chatloom'

export interface Value<T> extends Readable<T> {
  set(next: T): void
}

export function value<T>(first: T): Value<T> {
  const runs = new Set<(value: T) => void>()
  let now = first
  return {
    get: () => now,
    set: (next) => {
      now = next
      for (const run of [...runs]) run(now)
    },
    subscribe: (run) => {
      runs.add(run)
      run(now)
      return () => void runs.delete(run)
    },
  }
}
