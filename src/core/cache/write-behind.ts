/** When cached conversations are written, and what becomes of the answer (R29, R35). */
import type { Expectation, Key, StorageErrorCode, Write } from '../../ports/storage.js'
import { storedTo } from '../receipts.js'
import type { ConversationState } from '../state.js'
import { isLive } from '../timeline/live.js'
import { bounds, never, timing } from '../timing.js'
import { copyCache, type Draft, draftOf, nextNumber, type Turn } from '../turn.js'
import { cacheWrites, cursorKey, giveBack } from './cache.js'
import { capWrites, noteUsage } from './cap.js'
import { fence } from './disk.js'
import { generationKey } from './disk-queue.js'
import { rereadCursor } from './restore.js'

/** One relaxed commit with everything that changed, each conversation fenced by its cursor row. */
export function commitCache(turn: Turn): void {
  const { disk, nowMs } = turn
  if (!mayCommit(turn) || !turn.conversations.some((each) => isWritable(turn, each) && (nowMs >= disk.cacheNotBeforeMs || isLarge(each))))
    return
  const commit = nextNumber(turn)
  const ids: string[] = []
  const writes: Write[] = []
  const expect: Expectation[] = [{ key: generationKey, version: disk.generation }]
  for (const { id } of turn.conversations.filter((each) => isWritable(turn, each))) {
    const c = draftOf(turn, id) as Draft
    ids.push(id)
    expect.push({ key: cursorKey(id), version: c.cache.version })
    writes.push(...(isBehindDisk(c) ? onlyRemovals(c) : cacheWrites(c, `${turn.config.lane}.${commit}`)))
    noteUsage(turn, c)
  }
  writes.push(...capWrites(turn))
  disk.cacheFlight = { commit, conversations: ids }
  disk.cacheNotBeforeMs = nowMs + timing.writeBehindMs
  if (planted.cursorApart) commitApart(turn, commit, writes)
  else turn.effects.push({ kind: 'commit', commit, writes, durability: 'relaxed', expect: planted.expectIgnored ? [] : expect })
}

/** A planted bug: the cursor goes ahead of its rows. */
function commitApart(turn: Turn, commit: number, writes: readonly Write[]): void {
  const isCursor = (write: Write) => write.kind === 'put' && write.row.key[2] === Number.MAX_SAFE_INTEGER
  turn.effects.push({ kind: 'commit', commit: 0, writes: writes.filter(isCursor), durability: 'relaxed', expect: [] })
  turn.effects.push({ kind: 'commit', commit, writes: writes.filter((write) => !isCursor(write)), durability: 'relaxed', expect: [] })
}

/** Never before rows of the outbox that wait: a settled entry's row that is removed here would be written again. */
function mayCommit({ disk }: Turn): boolean {
  return disk.phase === 'ready' && !disk.cacheFlight && disk.failures === 0 && disk.waiting.length === 0
}

function isWritable(turn: Turn, { cache, log }: ConversationState): boolean {
  if (!cache.dirty || cache.rereading || log.state !== 'ready' || log.epoch === '') return false
  // Which of two lines is the server's, the stored one or this, only the answer of `open` can tell.
  return !cache.restart || cache.version === null || isLive(turn, log)
}

function isLarge({ cache, log }: ConversationState): boolean {
  return (log.tail.rows.at(-1)?.index ?? 0) - cache.dirtyFrom >= bounds.dirtyRows
}

/** Another instance has stored more than is known here: its rows stand. */
function isBehindDisk({ cache, log }: Draft): boolean {
  return !cache.restart && cache.head > log.head
}

function onlyRemovals({ cache }: Draft): Write[] {
  const { removals } = cache
  cache.flight = copyCache(cache)
  cache.dirty = false
  cache.removals = []
  return removals.map((key) => ({ kind: 'remove', key }))
}

export function cacheCommitted(turn: Turn, commit: number): void {
  for (const c of landed(turn, commit)) {
    c.cache.flight = null
    storedTo(c, c.cache.head)
  }
}

export function cacheCommitFailed(turn: Turn, commit: number, code: StorageErrorCode, key: Key | undefined): void {
  const { disk } = turn
  const isConflict = code === 'conflict' && key
  if (disk.cacheFlight?.commit === commit && isConflict && key.length === 1) return fence(turn)
  for (const c of landed(turn, commit)) {
    disk.cacheNotBeforeMs = turn.nowMs + (isConflict ? 0 : timing.diskRetryMs)
    giveBack(c.cache)
    if (isConflict && key[1] === c.id) rereadCursor(turn, c)
  }
}

/** The conversations of the commit under way, which ends here. */
function landed(turn: Turn, commit: number): readonly Draft[] {
  const { cacheFlight } = turn.disk
  if (cacheFlight?.commit !== commit) return []
  turn.disk.cacheFlight = null
  return cacheFlight.conversations.flatMap((id) => draftOf(turn, id) ?? [])
}

export function cacheWakeAt(turn: Turn): number {
  return mayCommit(turn) && turn.conversations.some((each) => isWritable(turn, each)) ? turn.disk.cacheNotBeforeMs : never
}
