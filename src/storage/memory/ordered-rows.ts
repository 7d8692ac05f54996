/**
 * Owns rows in key order, in memory. Rows stand in sorted chunks of at most `chunkRows`, so that an insert moves
 * a hundred references at worst, however many rows there are; no chunk is empty.
 */
import type { Key, KeyRange, Row } from '../../ports/storage.js'
import { type Bound, boundsOf, compareKeys } from '../key-order.js'

const chunkRows = 128

export interface OrderedRows {
  get(key: Key): Row | undefined
  put(row: Row): void
  remove(key: Key): void
  /** Takes out all of `range`; its `reverse` and `limit` have no meaning here. */
  clear(range: KeyRange): void
  read(range: KeyRange): Row[]
}

/** Before the row at `index` of `chunks[chunk]`; `index` may be that chunk's length. */
interface Place {
  readonly chunk: number
  readonly index: number
}

/** Part of one chunk, `to` not included. */
interface Stretch {
  readonly chunk: number
  readonly from: number
  readonly to: number
}

export function orderedRows(): OrderedRows {
  const chunks: Row[][] = []

  const isAt = ({ chunk, index }: Place, key: Key) => {
    const row = chunks[chunk]?.[index]
    return row !== undefined && compareKeys(row.key, key) === 0
  }

  const take = (at: number, from: number, count: number) => {
    const chunk = chunks[at] as Row[]
    chunk.splice(from, count)
    if (chunk.length === 0) chunks.splice(at, 1)
  }

  return {
    get(key) {
      const place = locate(chunks, key)
      return isAt(place, key) ? chunks[place.chunk]?.[place.index] : undefined
    },
    put(row) {
      const place = locate(chunks, row.key)
      const chunk = chunks[place.chunk]
      if (!chunk) chunks.push([row])
      else if (isAt(place, row.key)) chunk[place.index] = row
      else {
        chunk.splice(place.index, 0, row)
        if (chunk.length > chunkRows) chunks.splice(place.chunk + 1, 0, chunk.splice(chunkRows / 2))
      }
    },
    remove(key) {
      const place = locate(chunks, key)
      if (isAt(place, key)) take(place.chunk, place.index, 1)
    },
    clear(range) {
      for (const { chunk, from, to } of stretchesOf(chunks, range).reverse()) take(chunk, from, to - from)
    },
    read(range) {
      const { reverse = false, limit = Number.POSITIVE_INFINITY } = range
      const rows: Row[] = []
      const stretches = stretchesOf(chunks, range)
      for (const { chunk, from, to } of reverse ? stretches.reverse() : stretches) {
        const part = (chunks[chunk] as Row[]).slice(from, to)
        for (const row of reverse ? part.reverse() : part) {
          if (rows.length >= limit) return rows
          rows.push(row)
        }
      }
      return rows
    },
  }
}

/** What of `range` stands in each chunk it touches, in order. */
function stretchesOf(chunks: readonly (readonly Row[])[], range: KeyRange): Stretch[] {
  const { lower, upper } = boundsOf(range)
  const start = locate(chunks, lower)
  const end = locate(chunks, upper)
  const stretches: Stretch[] = []
  for (let chunk = start.chunk; chunk <= end.chunk && chunk < chunks.length; chunk++) {
    const from = chunk === start.chunk ? start.index : 0
    const to = chunk === end.chunk ? end.index : (chunks[chunk] as readonly Row[]).length
    if (from < to) stretches.push({ chunk, from, to })
  }
  return stretches
}

/** Where the first row not before `bound` stands or would, in the last chunk that does not begin after `bound`. */
function locate(chunks: readonly (readonly Row[])[], bound: Bound): Place {
  let low = 1
  let high = chunks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const first = (chunks[middle] as readonly Row[])[0] as Row
    if (compareKeys(first.key, bound) <= 0) low = middle + 1
    else high = middle
  }
  return { chunk: low - 1, index: lowerBound(chunks[low - 1] ?? [], bound) }
}

function lowerBound(rows: readonly Row[], bound: Bound): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys((rows[middle] as Row).key, bound) < 0) low = middle + 1
    else high = middle
  }
  return low
}
