/**
 * What a conversation has on disk (R9, R29, R35): one cursor row that also carries the newest page, full pages beside
 * it, and patches of rows that are stored but not in memory. Rows, cursor and settled outbox rows leave in one commit,
 * so that the cursor never runs ahead of the rows (L8). Pending entries are never in here.
 *
 *   ['m', conversation, page]         up to 50 messages, index div 50
 *   ['m', conversation, page, index]  a newer state of one of them
 *   ['m', conversation, LAST]         the cursor
 */
import type { Expectation, Key, Write } from '../../ports/storage.js'
import type { MessageRow } from '../../protocol/frames.js'
import type { ConversationState } from '../state.js'
import { pageOf } from '../timeline/window.js'
import { bounds } from '../timing.js'
import { build, type CacheState, type Cover, cursorPage, type CursorValue, emptyCache } from './cache-state.js'

export function cursorKey(id: string): Key {
  return ['m', id, cursorPage]
}

/** Nothing on disk counts any more; what is in memory is written anew (R8). Settled outbox rows still leave. */
export function restarted(cache: CacheState): CacheState {
  return { ...cache, cover: null, last: -1, dirty: true, dirtyFrom: 0, pages: [], patches: [], restart: true }
}

export function removeWithLog(conversation: ConversationState, key: Key): ConversationState {
  const { cache } = conversation
  return { ...conversation, cache: { ...cache, dirty: true, removals: [...cache.removals, key] } }
}

/** The writes that bring the disk to what stands in memory, and the cache once they are there. */
export function cacheWrites(conversation: ConversationState, version: string): { writes: Write[]; expect: Expectation; next: CacheState } {
  const { log, id } = conversation
  const cache = reachable(conversation)
  const { rows } = log.tail
  const writes: Write[] = []
  if (cache.restart) writes.push({ kind: 'clear', range: { prefix: ['m', id] } })
  else if (cache.drop && cache.cover) writes.push({ kind: 'clear', range: { prefix: ['m', id], to: [pageOf(cache.cover.first) - 1] } })
  const last = rows[rows.length - 1]?.index ?? cache.last
  const cover = cache.cover ?? { first: rows[0]?.index ?? last + 1, from: log.tail.from }
  const newest = pageOf(last)
  // A page leaves the cursor row when a newer one takes its place.
  const firstPage = Math.min(pageOf(Math.min(cache.dirtyFrom, last)), cache.last < 0 ? newest : pageOf(cache.last))
  // Fetched pages first: what has changed in the tail since then is newer, and is written over them.
  for (const { page, rows: older } of cache.pages) if (page < newest) writes.push(pageWrite(id, page, older))
  let start = Math.max(0, cache.last < 0 ? pageOf(cover.first) : Math.max(firstPage, pageOf(cover.first)))
  for (; start < newest; start++) {
    const page = rows.filter((row) => pageOf(row.index) === start && row.index >= cover.first)
    if (page.length > 0) writes.push(pageWrite(id, start, page))
  }
  for (const row of cache.patches) {
    if (row.index < cover.first) continue
    writes.push({ kind: 'put', row: { key: ['m', id, pageOf(row.index), row.index], version: '', value: row } })
  }
  const inCursor = rows.filter((row) => row.index >= Math.max(newest * bounds.pageRows, cover.first))
  writes.push({ kind: 'put', row: { key: cursorKey(id), version, value: cursorValue(conversation, cover, inCursor) } })
  for (const key of cache.removals) writes.push({ kind: 'remove', key })
  const next: CacheState = { ...emptyCache, version, head: log.head, last, cover, flight: cache }
  return { writes, expect: { key: cursorKey(id), version: cache.version }, next }
}

/** The cache, started anew where the rows that would have to be written are no longer in memory. */
function reachable({ cache, log }: ConversationState): CacheState {
  const first = log.tail.rows[0]
  if (!cache.cover || cache.restart || !first) return cache
  const from = Math.min(cache.dirtyFrom, cache.last < 0 ? cache.dirtyFrom : cache.last)
  if (from === Number.POSITIVE_INFINITY) return cache
  const needed = Math.max(cache.cover.first, pageOf(from) * bounds.pageRows)
  return first.index <= needed ? cache : restarted(cache)
}

function pageWrite(id: string, page: number, rows: readonly MessageRow[]): Write {
  return { kind: 'put', row: { key: ['m', id, page], version: '', value: rows } }
}

function cursorValue({ log, receipts }: ConversationState, cover: Cover, rows: readonly MessageRow[]): CursorValue {
  const marks = [...receipts.marks].map(([user, { delivered, read }]) => [user, delivered, read] as const)
  const { epoch, head, tag, floor, hidden, profile, memberCount, members } = log
  return { build, epoch, head, tag, ...cover, floor, hidden, rows, profile, memberCount, members, marks, unread: receipts.unread }
}

/** A commit that was not written gives back what it took along. */
export function gaveBack(cache: CacheState): CacheState {
  const { flight } = cache
  if (!flight) return cache
  return {
    ...flight,
    dirty: true,
    dirtyFrom: Math.min(flight.dirtyFrom, cache.dirtyFrom),
    pages: [...flight.pages, ...cache.pages],
    patches: [...flight.patches, ...cache.patches],
    restart: flight.restart || cache.restart,
    wentBack: flight.wentBack || cache.wentBack,
    drop: flight.drop || cache.drop,
    cover: cache.restart ? null : cache.drop ? cache.cover : flight.cover,
    last: cache.restart ? -1 : flight.last,
    removals: [...flight.removals, ...cache.removals],
    flight: null,
  }
}
