/**
 * A conversation from disk: the cursor row with the newest page, and the page before it, in one read. A doubtful cache is
 * dropped and written anew, never half used (L8).
 */
import type { Row } from '../../ports/storage.js'
import type { MessageRow } from '../../protocol/frames.js'
import { confirm } from '../ahead.js'
import { settleHeld } from '../outbox/settle.js'
import { mergeMarks, storedTo, unmarked } from '../receipts.js'
import { factsOf } from '../timeline/facts.js'
import { isDense, pageOf, windowOf } from '../timeline/window.js'
import type { Draft, Turn } from '../turn.js'
import { described, restart } from './cache.js'
import { type CursorValue, emptyCache } from './cache-state.js'
import { enqueue } from './disk-queue.js'
import { cursorRow, cursorValue, foldPages } from './stored-rows.js'
import { load } from './writes.js'

/** Rows of one read: cursor, previous page and some patches between. */
const firstRead = 8

/** With a limit of 1 the cursor alone: after a conflict, or where another stores, for what that one has written. */
export function startRestore(turn: Turn, c: Draft, limit = firstRead): void {
  c.cache.rereading = load(turn, { prefix: ['m', c.id], reverse: true, limit })
}

/** Reads the cursor, and the pages that hold this first and this last index; returns the number under which they come. */
export function loadPages(turn: Turn, id: string, [first, last]: readonly [number, number]): number {
  const prefix = ['m', id]
  return load(turn, { prefix, reverse: true, limit: 1 }, { prefix, from: [pageOf(first)], to: [pageOf(last)] })
}

/** The rows of either read; none where the disk could not be read. */
export function restored(turn: Turn, c: Draft, rows: readonly Row[]): void {
  const { log, cache } = c
  const cursor = cursorRow(rows)
  const value = cursorValue(cursor)
  const version = cursor?.version ?? null
  cache.isLeft = cache.version === version
  cache.version = version
  cache.rereading = 0
  if (log.state !== 'loading') return adopt(turn, c, value)
  log.state = 'ready'
  if (value) fill(c, value, rows)
  confirm(turn, c, log.tail.rows)
  settleHeld(turn, c)
}

function fill({ log, receipts, cache }: Draft, value: CursorValue, rows: readonly Row[]): void {
  const { epoch, head, first, unread, marked = unmarked } = value
  const held = [...olderRows(value, rows), ...value.rows]
  const from = held[0]?.index === first && value.from >= 0 ? value.from : (held[0]?.seq ?? head + 1) - 1
  Object.assign(log, factsOf(value), { epoch, head, tags: value.tags.join('\n'), tail: windowOf(held, from, head) })
  log.heard = Math.max(log.heard, head, ...value.marks.map(({ delivered }) => delivered))
  const marks = new Map(value.marks.map(({ user, ...mark }) => [user, mark]))
  Object.assign(receipts, { marks, marked, storedTo: head, unread })
  Object.assign(cache, { head, last: held.at(-1)?.index ?? -1, cover: { first, from: value.from } })
}

/** How much is known of watermarks and of the mark: they only rise within a line. */
function risen({ marks, marked = unmarked }: Pick<CursorValue, 'marks' | 'marked'>): number {
  return marks.reduce((sum, { delivered, read }) => sum + delivered + read, marked.rev)
}

/** Rows of the page before, folded with their patches, if they reach the cursor's without a hole. */
function olderRows({ rows: [first], hidden, first: lowest }: CursorValue, rows: readonly Row[]): readonly MessageRow[] {
  const older = first ? foldPages(rows, lowest, first.index - 1) : []
  return first && isDense([...older, first], hidden) ? older : []
}

/**
 * The other instance's cursor becomes the base of the next commit, if both stand on one line. Settled outbox rows leave once the cursor
 * on disk is not behind (R11); where it is, they leave with what is written here.
 */
function adopt(turn: Turn, c: Draft, value: CursorValue | undefined): void {
  const { cache, log, id } = c
  const { version, removals } = cache
  // Too far on to say whether they do.
  const isFar = value?.epoch === log.epoch && value.head - value.tags.length >= log.head
  // Where it went back behind what was written from here, nobody knows which rows are of before.
  if (!value || cache.wentBack || value.head < cache.head || !(isFar || isOfLine(c, value))) return restart(cache)
  const { head, first, from } = value
  const last = value.rows.at(-1)?.index ?? first - 1
  const isAhead = head > log.head
  // They may still part behind our head: what is further on is read again, and judged then, before anything is written on it.
  const stored = { version: isAhead ? '' : version, head, last, cover: { first, from } }
  const isSettling = removals.length > 0
  // What only the other one has heard of watermarks and of the mark is not written over.
  if (!isAhead) mergeMarks(turn, c, value.epoch, [...value.marks, { user: turn.config.user, delivered: 0, read: 0, marked: value.marked }])
  if (head < log.head) {
    const dirtyFrom = Math.min(cache.dirtyFrom, last + 1)
    Object.assign(cache, stored, { dirtyFrom, pages: [], restart: false, isLeft: cache.isLeft || isSettling })
    return
  }
  if (isSettling) enqueue(turn, id, '', removals)
  storedTo(c, head)
  // What only this one has heard of them is written after it.
  const dirty = !isAhead && risen(described(c)) > risen(value)
  Object.assign(cache, emptyCache, stored, { dirty, isLeft: dirty && cache.isLeft })
}

/** Are stored pages of the log that is held? Another tab may have written those of another epoch or line beside a cursor of its own. */
export function isOwnLine(c: Draft, rows: readonly Row[]): boolean {
  const { version, flight } = c.cache
  const cursor = cursorRow(rows)
  const isOurs = cursor && [version, flight?.version].includes(cursor.version)
  return isOurs || isOfLine(c, cursorValue(cursor))
}

/** A backup restored under the same epoch makes another line. Of two logs of one line the longer has the tag of the shorter one's head. */
function isOfLine({ log }: Draft, value: CursorValue | undefined): boolean {
  if (value?.epoch !== log.epoch) return false
  const [short, long, tags] = value.head < log.head ? [value, log, log.tags.split('\n')] : [log, value, value.tags]
  return tags.at(short.head - long.head - 1) === short.tag
}
