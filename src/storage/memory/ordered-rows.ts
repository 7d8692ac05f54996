/** Owns rows in key order, in memory: one sorted list. An insert moves the references behind it, which the engine does in one go. */
import type { Key, KeyRange, Row } from '../../ports/storage.js'
import { type Bound, boundsOf, compareKeys } from '../key-order.js'

export interface OrderedRows {
  get(key: Key): Row | undefined
  put(row: Row): void
  remove(key: Key): void
  /** Takes out all of `range`; its `reverse` and `limit` have no meaning here. */
  clear(range: KeyRange): void
  read(range: KeyRange): Row[]
}

export function orderedRows(): OrderedRows {
  const rows: Row[] = []

  /** Where the first row not before `bound` stands or would. */
  const placeOf = (bound: Bound): number => {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys((rows[middle] as Row).key, bound) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many rows of this key stand there: one or none. */
  const countAt = (at: number, key: Key) => (at < rows.length && compareKeys((rows[at] as Row).key, key) === 0 ? 1 : 0)

  return {
    get(key) {
      const at = placeOf(key)
      return countAt(at, key) ? rows[at] : undefined
    },
    put(row) {
      const at = placeOf(row.key)
      rows.splice(at, countAt(at, row.key), row)
    },
    remove(key) {
      const at = placeOf(key)
      rows.splice(at, countAt(at, key))
    },
    clear(range) {
      const { lower, upper } = boundsOf(range)
      const from = placeOf(lower)
      rows.splice(from, placeOf(upper) - from)
    },
    read(range) {
      const { lower, upper } = boundsOf(range)
      const read = rows.slice(placeOf(lower), placeOf(upper))
      return (range.reverse ? read.reverse() : read).slice(0, range.limit)
    },
  }
}
