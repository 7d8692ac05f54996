/** Windows: contiguous runs of rows, sorted by `seq`, found by binary search. Pure functions over plain arrays. */
import type { MessageRow } from '../../protocol/frames.js'
import type { HiddenRange } from '../../protocol/frames.js'
import type { Window } from '../state.js'
import * as bounds from '../bounds.js'

export function windowOf(rows: readonly MessageRow[], from: number, to: number, stem = rows): Window {
  return { rows, stem, from, to }
}

/** The first position whose row has a place ≥ seq, or an index ≥ it. */
export function lowerBound(rows: readonly MessageRow[], value: number, by: 'seq' | 'index' = 'seq'): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((rows[middle] as MessageRow)[by] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The list with more behind it. One more, which is the usual case, is put there by what costs a third of `concat`. */
export function appended<T>(list: readonly T[], more: readonly T[]): readonly T[] {
  return more.length === 1 ? list.toSpliced(list.length, 0, more[0] as T) : list.concat(more)
}

/** The rows with an index from `first` up to `end`, without it. */
export function between(rows: readonly MessageRow[], first: number, end: number): readonly MessageRow[] {
  return rows.slice(lowerBound(rows, first, 'index'), lowerBound(rows, end, 'index'))
}

export function covers({ from, to }: Window, seq: number): boolean {
  return seq > from && seq <= to
}

/** Where the row of this place stands, or -1. */
function positionOf(rows: readonly MessageRow[], seq: number): number {
  const at = lowerBound(rows, seq)
  return rows[at]?.seq === seq ? at : -1
}

export function pageOf(index: number): number {
  return Math.floor(index / bounds.pageRows)
}

/** No message is missing between the first row and the last (R2); a jump over a hidden range is none. */
export function isDense(rows: readonly MessageRow[], hidden: readonly HiddenRange[]): boolean {
  for (let i = planted.denseUnchecked ? rows.length : 1; i < rows.length; i++) {
    const before = rows[i - 1] as MessageRow
    const row = rows[i] as MessageRow
    if (row.seq <= before.seq || row.index !== before.index + 1 + hiddenBetween(hidden, before.seq, row.seq)) return false
  }
  return true
}

function hiddenBetween(hidden: readonly HiddenRange[], after: number, before: number): number {
  let messages = 0
  for (const range of hidden) if (range.from > after && range.to < before) messages += range.messages
  return messages
}

/** Older rows in front. Where both hold a place the higher `rev` stays. */
export function joined(older: Window, newer: Window): Window {
  const at = lowerBound(newer.rows, older.to + 1)
  const rows = replayed(older.rows, newer.rows.slice(0, at)).concat(newer.rows.slice(at))
  return windowOf(rows, older.from, Math.max(older.to, newer.to))
}

/** The rows with newer states of those held. */
export function replayed(rows: readonly MessageRow[], states: readonly MessageRow[]): readonly MessageRow[] {
  let next = rows
  for (const row of states) next = restated(next, row) ?? next
  return next
}

/** The rows with this newer state of one of them; themselves where it is not newer; nothing where it is not held (R4). */
export function restated(rows: readonly MessageRow[], row: MessageRow): readonly MessageRow[] | undefined {
  const at = positionOf(rows, row.seq)
  const held = rows[at]
  if (!held) return undefined
  const isNewer = planted.olderRevWins ? row.rev !== held.rev : row.rev > held.rev
  return isNewer ? rows.with(at, row) : rows
}

/** Drops the oldest rows beyond the cap, at a page boundary, but none with an index ≥ keepFrom. */
export function trimOldest(window: Window, keepFrom: number): Window {
  const { rows } = window
  if (rows.length <= bounds.windowRows) return window
  const wanted = (rows[rows.length - bounds.windowHalf] as MessageRow).index
  const index = rows.length > bounds.windowRows * 4 ? wanted : Math.min(wanted, keepFrom)
  const boundary = pageOf(index) * bounds.pageRows
  const at = rows.findIndex((row) => row.index >= boundary)
  if (at <= 0) return window
  return windowOf(rows.slice(at), (rows[at] as MessageRow).seq - 1, window.to)
}

/** Drops the newest rows beyond the cap, when a reader has scrolled far back. */
export function trimNewest(window: Window): Window {
  const { rows } = window
  if (rows.length <= bounds.windowRows) return window
  const kept = rows.slice(0, bounds.windowRows - bounds.pageRows)
  return windowOf(kept, window.from, (rows[kept.length] as MessageRow).seq - 1)
}
