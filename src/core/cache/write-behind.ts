/** When cached conversations are written, and what becomes of the answer (R29, R35). */
import type { Expectation, Key, StorageErrorCode, Write } from '../../ports/storage.js'
import { storedTo } from '../receipts.js'
import type { ConversationState } from '../state.js'
import { isLive } from '../timeline/live.js'
import { bounds, never, timing } from '../timing.js'
import { conversationOf, nextNumber, put, type Turn } from '../turn.js'
import { capWrites, noteUsage } from './cap.js'
import { cacheWrites, cursorKey, gaveBack } from './cache.js'
import type { CacheState } from './cache-state.js'
import { fence } from './disk.js'
import { generationKey } from './disk-queue.js'
import { rereadCursor } from './restore.js'

/**
 * One relaxed commit with everything that changed, each conversation fenced by its cursor row. Never before rows of the
 * outbox that wait: a settled entry's row that is removed here would be written again.
 */
export function commitCache(turn: Turn): void {
  const { disk } = turn.state
  if (disk.phase !== 'ready' || disk.cacheFlight || disk.failures > 0 || disk.waiting.length > 0) return
  const dirty = turn.state.conversations.filter((each) => isWritable(turn, each))
  if (dirty.length === 0 || (turn.env.nowMs < disk.cacheNotBeforeMs && !dirty.some(isLarge))) return
  const { faults } = turn.state.config
  const commit = nextNumber(turn)
  const writes: Write[] = []
  const expect: Expectation[] = faults.expectIgnored ? [] : [{ key: generationKey, version: disk.generation }]
  for (const conversation of dirty) {
    const version = `${turn.state.config.lane}.${commit}`
    const batch = behindDisk(conversation) ? onlyRemovals(conversation) : cacheWrites(conversation, version)
    writes.push(...batch.writes)
    if (!faults.expectIgnored) expect.push(batch.expect)
    noteUsage(turn, put(turn, { ...conversation, cache: batch.next }))
  }
  writes.push(...capWrites(turn))
  turn.state.disk = {
    ...turn.state.disk,
    cacheFlight: { commit, conversations: dirty.map(({ id }) => id) },
    cacheNotBeforeMs: turn.env.nowMs + timing.writeBehindMs,
  }
  if (faults.cursorApart) return commitApart(turn, commit, writes)
  turn.effects.push({ kind: 'commit', commit, writes, durability: 'relaxed', expect })
}

/** A planted bug: the cursor goes ahead of its rows. */
function commitApart(turn: Turn, commit: number, writes: readonly Write[]): void {
  const isCursor = (write: Write) => write.kind === 'put' && (write.row.key[2] as number) === Number.MAX_SAFE_INTEGER
  turn.effects.push({ kind: 'commit', commit: 0, writes: writes.filter(isCursor), durability: 'relaxed', expect: [] })
  turn.effects.push({ kind: 'commit', commit, writes: writes.filter((write) => !isCursor(write)), durability: 'relaxed', expect: [] })
}

function isWritable(turn: Turn, { cache, log }: ConversationState): boolean {
  // Which of two lines is the server's, the stored one or this, only the answer of `open` can tell.
  const knowsLine = !cache.restart || cache.version === null || isLive(turn, log)
  return cache.dirty && knowsLine && cache.rereading === 0 && log.state === 'ready' && log.epoch !== ''
}

function isLarge({ cache, log }: ConversationState): boolean {
  const last = log.tail.rows[log.tail.rows.length - 1]
  return last !== undefined && last.index - cache.dirtyFrom >= bounds.dirtyRows
}

/** Another instance has stored more than is known here: its rows stand. */
function behindDisk({ cache, log }: ConversationState): boolean {
  return !cache.restart && cache.head > log.head
}

function onlyRemovals({ id, cache }: ConversationState): { writes: Write[]; expect: Expectation; next: CacheState } {
  const writes = cache.removals.map((key): Write => ({ kind: 'remove', key }))
  const expect = { key: cursorKey(id), version: cache.version }
  return { writes, expect, next: { ...cache, dirty: false, removals: [], flight: cache } }
}

export function cacheCommitted(turn: Turn, commit: number): void {
  const { disk } = turn.state
  if (disk.cacheFlight?.commit !== commit) return
  turn.state.disk = { ...disk, cacheFlight: null }
  for (const id of disk.cacheFlight.conversations) {
    const conversation = conversationOf(turn, id)
    if (!conversation) continue
    put(turn, { ...conversation, cache: { ...conversation.cache, flight: null } })
    storedTo(turn, id, conversation.cache.head)
  }
}

export function cacheCommitFailed(turn: Turn, commit: number, code: StorageErrorCode, key: Key | undefined): void {
  const { disk } = turn.state
  if (disk.cacheFlight?.commit !== commit) return
  if (code === 'conflict' && key?.length === 1) return fence(turn)
  const pause = code === 'conflict' && key ? 0 : timing.diskRetryMs
  turn.state.disk = { ...disk, cacheFlight: null, cacheNotBeforeMs: turn.env.nowMs + pause }
  for (const id of disk.cacheFlight.conversations) {
    const conversation = conversationOf(turn, id)
    if (!conversation) continue
    const back = put(turn, { ...conversation, cache: gaveBack(conversation.cache) })
    if (code === 'conflict' && key?.[1] === id) rereadCursor(turn, back)
  }
}

/** The page is going away or to sleep: write now. */
export function writeSoon(turn: Turn): void {
  turn.state.disk = { ...turn.state.disk, cacheNotBeforeMs: 0 }
}

export function cacheWakeAt(turn: Turn): number {
  const { disk } = turn.state
  if (disk.phase !== 'ready' || disk.cacheFlight || disk.failures > 0 || disk.waiting.length > 0) return never
  return turn.state.conversations.some((each) => isWritable(turn, each)) ? disk.cacheNotBeforeMs : never
}
