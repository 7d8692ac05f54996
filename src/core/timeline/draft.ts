/**
 * A log under change within one turn: its records are copied once, however many changes a turn brings (R33).
 * `applyRow` is the one rule by which pages, catch-ups and live changes commute: a row is applied iff its `rev`
 * beats the one held (R4).
 */
import type { Change, Member, MessageRow } from '../../protocol/frames.js'
import { restarted } from '../cache/cache.js'
import type { CacheState } from '../cache/cache-state.js'
import { copyCache, copyConversation, copyLog, type Mutable } from '../copies.js'
import type { ConversationState, Log } from '../state.js'
import { bounds } from '../timing.js'
import { positionOf, trimOldest, windowOf } from './window.js'

export interface LogDraft {
  readonly conversation: Mutable<ConversationState>
  readonly log: Mutable<Log>
  readonly cache: Mutable<CacheState>
  /** Rows of the tail before the fresh ones. */
  tailRows: readonly MessageRow[]
  viewRows: readonly MessageRow[] | null
  /** Messages not seen on this device before, in order: they will stand behind the tail's rows. */
  readonly fresh: MessageRow[]
  /** Changes to messages that are not in memory (R9). */
  readonly unheld: MessageRow[]
  readonly olderRevWins: boolean
}

export function draftOf(conversation: ConversationState, olderRevWins = false): LogDraft {
  const { log, cache } = conversation
  return {
    conversation: copyConversation(conversation),
    log: copyLog(log),
    cache: copyCache(cache),
    tailRows: log.tail.rows,
    viewRows: log.view?.rows ?? null,
    fresh: [],
    unheld: [],
    olderRevWins,
  }
}

/** A row in its present state, known up to `seq`. */
export function applyRow(draft: LogDraft, row: MessageRow): void {
  const { fresh, cache } = draft
  const last = fresh[fresh.length - 1] ?? draft.tailRows[draft.tailRows.length - 1]
  if (row.seq > draft.log.tail.to && (last === undefined || row.seq > last.seq)) {
    fresh.push(row)
    cache.dirtyFrom = Math.min(cache.dirtyFrom, row.index)
    return
  }
  const inFresh = positionOf(fresh, row.seq)
  if (inFresh >= 0) {
    if (beats(draft, row, fresh[inFresh] as MessageRow)) fresh[inFresh] = row
    return
  }
  const inTail = positionOf(draft.tailRows, row.seq)
  if (inTail >= 0) {
    if (!beats(draft, row, draft.tailRows[inTail] as MessageRow)) return
    draft.tailRows = draft.tailRows.with(inTail, row)
    cache.dirtyFrom = Math.min(cache.dirtyFrom, row.index)
    return
  }
  const inView = draft.viewRows ? positionOf(draft.viewRows, row.seq) : -1
  if (draft.viewRows && inView >= 0) {
    if (!beats(draft, row, draft.viewRows[inView] as MessageRow)) return
    draft.viewRows = draft.viewRows.with(inView, row)
  }
  draft.unheld.push(row)
}

function beats(draft: LogDraft, row: MessageRow, held: MessageRow): boolean {
  return draft.olderRevWins ? row.rev !== held.rev : row.rev > held.rev
}

/** The change at the next `seq`. A kind not known here moves the head and nothing else (R10). */
export function applyChange(draft: LogDraft, seq: number, tag: string, change: Change): void {
  const { log } = draft
  if (change.kind === 'message' && change.message.seq <= seq && change.message.rev <= seq) applyRow(draft, change.message)
  if (change.kind === 'profile') log.profile = change.profile
  if (change.kind === 'member') changeMember(log, change.user, change.joined ? seq : null)
  log.head = seq
  log.tag = tag
}

function changeMember(log: Mutable<Log>, user: string, joined: number | null): void {
  const others = log.members.filter((member) => member.user !== user)
  const was = log.members.length - others.length
  const members: readonly Member[] =
    joined === null ? others : others.length < bounds.receiptMembers ? [...others, { user, joined }] : others
  const memberCount = log.memberCount + (joined === null ? (was ? -1 : 0) : was ? 0 : 1)
  log.members = members
  log.memberCount = Math.max(memberCount, members.length)
}

/** The conversation with what the draft has gathered; the cache learns what to write. The draft is at its end. */
export function closeDraft(draft: LogDraft): Mutable<ConversationState> {
  const { conversation, log, cache, fresh, unheld } = draft
  const rows = fresh.length > 0 ? draft.tailRows.concat(fresh) : draft.tailRows
  const stem = draft.tailRows === log.tail.rows ? log.tail.stem : rows
  const tail = windowOf(rows, log.tail.from, Math.max(log.head, log.tail.to), stem)
  cache.dirty = true
  if (unheld.length > 0) keepUnheld(draft)
  // The newest stored page is written once more, when the next one begins: its rows must still be here.
  const keepFrom = cache.last < 0 ? cache.dirtyFrom : Math.min(cache.dirtyFrom, cache.last)
  log.tail = trimOldest(tail, keepFrom)
  log.heard = Math.max(log.heard, log.head)
  if (log.view && draft.viewRows && draft.viewRows !== log.view.rows) log.view = windowOf(draft.viewRows, log.view.from, log.view.to)
  if (log.beyond.length > 0) log.beyond = log.beyond.filter((frame) => frame.epoch === log.epoch && frame.seq > log.head)
  conversation.log = log
  conversation.cache = cache
  return conversation
}

function keepUnheld({ log, cache, unheld }: LogDraft): void {
  // Below the cover too: until the commit another tab may have stored what lies there.
  if (cache.cover) cache.patches = [...cache.patches, ...unheld]
  // A disk that takes nothing must not fill the memory.
  if (cache.patches.length > bounds.patches) Object.assign(cache, restarted(cache))
  if (log.load?.kept) log.load = { ...log.load, kept: bounded([...log.load.kept, ...unheld]) }
}

/** Nothing where they are too many: the page is asked for again. */
function bounded(kept: readonly MessageRow[]): readonly MessageRow[] | null {
  return kept.length > bounds.kept ? null : kept
}
