/**
 * Owns the order of keys and what a range covers; every storage agrees with it, and it agrees with IndexedDB:
 * element by element, numbers before strings (by UTF-16 code unit), a prefix before what it begins.
 *
 * A range is the interval [prefix + from, prefix + to + ⊤]: `from` and `to` continue `prefix`, and `to` covers
 * whatever begins with it. ⊤ is an empty array, which IndexedDB sorts after every number and string; no key holds one,
 * so the upper bound never equals a key.
 */
import type { Key, KeyRange } from '../ports/storage.js'

type Top = readonly never[]
export type Bound = readonly (string | number | Top)[]

export interface Bounds {
  readonly lower: Bound
  readonly upper: Bound
}

const top: Top = []

export const boundsOf = ({ prefix, from = [], to = [] }: KeyRange): Bounds => ({
  lower: [...prefix, ...from],
  upper: [...prefix, ...to, top],
})

/** Negative, zero or positive, as `a` stands before, at or after `b`. */
export function compareKeys(a: Bound, b: Bound): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const x = a[i] as Bound[number]
    const y = b[i] as Bound[number]
    const order = rank(x) - rank(y) || (x < y ? -1 : Number(x > y))
    if (order !== 0) return order
  }
  return a.length - b.length
}

const rank = (element: Bound[number]): number => (typeof element === 'number' ? 0 : typeof element === 'string' ? 1 : 2)

/** Untyped callers and arithmetic gone wrong: NaN and anything but numbers and strings have no place in the order. */
export function isKey(key: Key): boolean {
  return key.every((element) => typeof element === 'string' || (typeof element === 'number' && !Number.isNaN(element)))
}
