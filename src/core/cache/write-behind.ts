/** When cached conversations are written, and what becomes of the answer (R29, R35). */
import type { Expectation, Key, StorageErrorCode, Write } from '../../ports/storage.js'
import { storedTo } from '../receipts.js'
import type { ConversationState } from '../state.js'
import { isLive } from '../timeline/live.js'
import * as bounds from '../bounds.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { type Draft, draftOf, nextNumber, offers, type Turn } from '../turn.js'
import { cacheWrites, giveBack } from './cache.js'
import { cursorPage } from './cache-state.js'
import { capWrites, noteUsage } from './cap.js'
import { fence } from './disk.js'
import { commit } from './writes.js'
import { startRestore } from './restore.js'

/**
 * One relaxed commit with everything that changed, each conversation fenced by its cursor row. Gives when the next one is due. Where
 * another instance stores what both hear, it is given the time to, and only what it then has not stored is written here.
 */
export function commitCache(turn: Turn): number {
  const { disk, nowMs } = turn
  const dueAtMs = Math.max(cacheDueAt(turn), disk.cacheRetryAtMs)
  if (nowMs < dueAtMs) return dueAtMs
  const due = writable(turn)
  const isCached = offers(turn, 'cached')
  const version = `${turn.config.lane}.${nextNumber(turn)}`
  const writes: Write[] = []
  const cursors: Expectation[] = []
  for (const { id } of due) {
    const c = draftOf(turn, id) as Draft
    const { cache } = c
    // Pages that were fetched here are news to the other one.
    const isOurs = cache.version !== '' && (!isCached || cache.isLeft || cache.wentBack || cache.pages.length > 0)
    if (!isOurs) {
      startRestore(turn, c, 1)
      continue
    }
    cursors.push({ key: ['m', id, cursorPage], version: cache.version })
    writes.push(...cacheWrites(c, version))
    noteUsage(turn, c)
  }
  disk.cacheNotBeforeMs = isCached ? never : nowMs + timing.writeBehindMs
  if (cursors.length === 0) return never
  writes.push(...capWrites(turn))
  disk.flightUsage = disk.usage
  const number = planted.cursorApart ? commitApart(turn, writes) : commit(turn, 'relaxed', writes, cursors)
  disk.cacheFlight = number
  return never
}

function commitApart(turn: Turn, writes: readonly Write[]): number {
  const isCursor = (write: Write) => write.kind === 'put' && write.row.key[2] === cursorPage
  turn.effects.push({ kind: 'commit', commit: 0, writes: writes.filter(isCursor), durability: 'relaxed', expect: [] })
  return commit(
    turn,
    'relaxed',
    writes.filter((write) => !isCursor(write)),
  )
}

/** When to write: never before rows of the outbox that wait, or a settled entry's row that is removed here comes back. */
function cacheDueAt(turn: Turn): number {
  const { disk } = turn
  if (disk.phase !== 'ready' || disk.cacheFlight || disk.failures > 0 || disk.waiting.length > 0) return never
  const due = writable(turn)
  if (due.some(isLarge)) return 0
  if (due.length === 0) return never
  if (disk.cacheNotBeforeMs === never) disk.cacheNotBeforeMs = turn.nowMs + timing.lookMs
  return disk.cacheNotBeforeMs
}

function writable(turn: Turn): readonly ConversationState[] {
  return turn.conversations.filter(({ cache, log }) => {
    if (!cache.dirty || cache.rereading || log.state === 'loading' || log.epoch === '') return false
    // Where another instance has stored more than is known here, its rows stand: what is new here waits until as much is known. Of settled
    // entries it is looked whether their messages are stored.
    if (!cache.restart) return cache.head <= log.head || cache.removals.length > 0
    // Which of two lines is the server's, the stored one or this, only the answer of `open` can tell.
    return cache.version === null || isLive(turn, log)
  })
}

function isLarge({ cache, log }: ConversationState): boolean {
  return (log.tail.rows.at(-1)?.index ?? 0) - cache.dirtyFrom >= bounds.dirtyRows
}

export function cacheCommitted(turn: Turn, commit: number): void {
  const { disk } = turn
  if (disk.cacheFlight !== commit) return
  disk.storedUsage = disk.flightUsage
  for (const c of landed(turn)) {
    c.cache.flight = null
    storedTo(c, c.cache.head)
  }
}

export function cacheCommitFailed(turn: Turn, commit: number, code: StorageErrorCode, key: Key | undefined): void {
  const { disk } = turn
  if (disk.cacheFlight !== commit) return
  // What gave way is still there.
  disk.usage = disk.storedUsage
  const isConflict = code === 'conflict' && key
  if (isConflict && key.length === 1) return fence(turn)
  for (const c of landed(turn)) {
    disk.cacheNotBeforeMs = disk.cacheRetryAtMs = turn.nowMs + (isConflict ? 0 : timing.diskRetryMs)
    giveBack(c.cache)
    if (isConflict && key[1] === c.id) startRestore(turn, c, 1)
  }
}

/** The conversations of the commit under way, which ends here. */
function landed(turn: Turn): readonly Draft[] {
  turn.disk.cacheFlight = 0
  return turn.conversations.filter(({ cache }) => cache.flight).map(({ id }) => draftOf(turn, id) as Draft)
}
