/**
 * What a conversation has on disk (R9, R29, R35): one cursor row that also carries the newest page, full pages beside
 * it, and patches of rows that are stored but not in memory. Rows, cursor and settled outbox rows leave in one commit,
 * so that the cursor never runs ahead of the rows (L8). Pending entries are never in here.
 *
 *   ['m', conversation, page]         up to 50 messages, index div 50
 *   ['m', conversation, page, index]  a newer state of one of them
 *   ['m', conversation, LAST]         the cursor
 */
import type { Key, Write } from '../../ports/storage.js'
import { factsOf, newestTags } from '../timeline/facts.js'
import { between, pageOf } from '../timeline/window.js'
import * as bounds from '../bounds.js'
import { never } from '../timing.js'
import { copyCache, type Draft } from '../turn.js'
import { build, type CacheState, cursorPage, type CursorValue, emptyCache } from './cache-state.js'
import { put } from './put.js'

/** Nothing on disk counts any more; what is in memory is written anew (R8). Settled outbox rows still leave. */
export function restart(cache: Draft['cache']): void {
  Object.assign(cache, { cover: null, last: -1, dirty: true, dirtyFrom: 0, pages: [], patches: [], restart: true })
}

/** The writes that bring the disk to what stands in memory; the cache is what it will be once they are there. */
export function cacheWrites(c: Draft, version: string): readonly Write[] {
  const { log, id, cache } = c
  const { rows } = log.tail
  if (!isReachable(c)) restart(cache)
  const flight = copyCache(cache)
  const prefix = ['m', id]
  const last = rows.at(-1)?.index ?? cache.last
  const cover = cache.cover ?? { first: rows[0]?.index ?? last + 1, from: log.tail.from }
  const newest = pageOf(last)
  const writes: Write[] = []
  const write = (place: Key, value: unknown, rowVersion?: string) => writes.push(put([...prefix, ...place], value, rowVersion))
  if (cache.restart) writes.push({ kind: 'clear', range: { prefix } })
  else if (cache.drop && cache.cover) writes.push({ kind: 'clear', range: { prefix, to: [pageOf(cover.first) - 1] } })
  // Fetched pages first: what has changed in the tail since then is newer, and is written over them.
  for (const { page, rows: older } of cache.pages) if (page < newest) write([page], older)
  // A page leaves the cursor row when a newer one takes its place. From the rows and not from page to page: a server that
  // lies about an index must not keep this busy.
  const changed = pageOf(Math.min(cache.dirtyFrom, last, cache.last))
  for (const page of new Set(rows.map((row) => pageOf(row.index)))) {
    const full = between(rows, Math.max(page * bounds.pageRows, cover.first), (page + 1) * bounds.pageRows)
    if (page >= changed && page < newest && full[0]) write([page], full)
  }
  for (const row of planted.patchesDropped ? [] : cache.patches) if (row.index >= cover.first) write([pageOf(row.index), row.index], row)
  const inCursor = between(rows, Math.max(newest * bounds.pageRows, cover.first), never)
  write([cursorPage], { ...described(c), ...cover, build, rows: inCursor }, version)
  writes.push(...cache.removals)
  Object.assign(cache, emptyCache, { version, head: log.head, last, cover, flight })
  return writes
}

/** False where the rows that would have to be written are no longer in memory. */
function isReachable({ cache, log }: Draft): boolean {
  const first = log.tail.rows[0]
  if (!cache.cover || !first) return true
  return first.index <= Math.max(cache.cover.first, pageOf(neededFrom(cache)) * bounds.pageRows)
}

/** The lowest index that the next commit writes: the newest stored page is written once more, when the next one begins. */
export function neededFrom({ last, dirtyFrom }: CacheState): number {
  return Math.min(dirtyFrom, last)
}

/** The cursor row as far as it is not of rows. */
export function described({ log, receipts }: Draft): Omit<CursorValue, 'rows' | 'build' | 'first' | 'from'> {
  const marks = [...receipts.marks].map(([user, mark]) => ({ user, ...mark }))
  return {
    ...factsOf(log),
    epoch: log.epoch,
    head: log.head,
    tags: newestTags(log.tags, bounds.storedTags).split('\n'),
    marks,
    marked: receipts.marked,
    unread: receipts.unread,
  }
}

/** A commit that was not written gives back what it took along. */
export function giveBack(cache: Draft['cache']): void {
  const { flight, restart: anew, drop, cover } = cache
  if (!flight) return
  Object.assign(cache, {
    ...flight,
    dirty: true,
    dirtyFrom: Math.min(flight.dirtyFrom, cache.dirtyFrom),
    pages: [...flight.pages, ...cache.pages],
    patches: [...flight.patches, ...cache.patches],
    restart: flight.restart || anew,
    wentBack: flight.wentBack || cache.wentBack,
    drop: flight.drop || drop,
    cover: anew ? null : drop ? cover : flight.cover,
    last: anew ? -1 : flight.last,
    removals: [...flight.removals, ...cache.removals],
  })
}
