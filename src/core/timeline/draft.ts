/**
 * A log under change within one turn: rows are copied once, however many changes a turn brings (R33).
 * `applyRow` is the one rule by which pages, catch-ups and live changes commute: a row is applied iff its `rev`
 * beats the one held (R4).
 */
import type { Change, Member, MessageRow } from '../../protocol/frames.js'
import type { CacheState } from '../cache/cache-state.js'
import type { ConversationState, Log, Window } from '../state.js'
import { bounds } from '../timing.js'
import { positionOf } from './window.js'

export interface LogDraft {
  head: number
  tag: string
  log: Log
  tailRows: readonly MessageRow[]
  viewRows: readonly MessageRow[] | null
  /** Messages not seen on this device before, in order. */
  readonly fresh: MessageRow[]
  /** Changes to messages that are not in memory (R9). */
  readonly unheld: MessageRow[]
  /** Lowest index of a tail row that changed. */
  dirtyFrom: number
  readonly olderRevWins: boolean
}

export function draftOf(conversation: ConversationState, olderRevWins = false): LogDraft {
  const { log } = conversation
  return {
    head: log.head,
    tag: log.tag,
    log,
    tailRows: log.tail.rows,
    viewRows: log.view?.rows ?? null,
    fresh: [],
    unheld: [],
    dirtyFrom: Number.POSITIVE_INFINITY,
    olderRevWins,
  }
}

/** A row in its present state, known up to `seq`. */
export function applyRow(draft: LogDraft, row: MessageRow): void {
  const last = draft.tailRows[draft.tailRows.length - 1]
  if (row.seq > draft.log.tail.to && (last === undefined || row.seq > last.seq)) {
    if (draft.tailRows === draft.log.tail.rows) draft.tailRows = draft.tailRows.slice()
    ;(draft.tailRows as MessageRow[]).push(row)
    draft.fresh.push(row)
    draft.dirtyFrom = Math.min(draft.dirtyFrom, row.index)
    return
  }
  const inTail = positionOf(draft.tailRows, row.seq)
  if (inTail >= 0) {
    if (!beats(draft, row, draft.tailRows[inTail] as MessageRow)) return
    draft.tailRows = draft.tailRows.with(inTail, row)
    draft.dirtyFrom = Math.min(draft.dirtyFrom, row.index)
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
  if (change.kind === 'message' && change.message.seq <= seq && change.message.rev <= seq) applyRow(draft, change.message)
  if (change.kind === 'profile') draft.log = { ...draft.log, profile: change.profile }
  if (change.kind === 'member') draft.log = withMember(draft.log, change.user, change.joined ? seq : null)
  draft.head = seq
  draft.tag = tag
}

function withMember(log: Log, user: string, joined: number | null): Log {
  const others = log.members.filter((member) => member.user !== user)
  const was = log.members.length - others.length
  const members: readonly Member[] =
    joined === null ? others : others.length < bounds.receiptMembers ? [...others, { user, joined }] : others
  const memberCount = log.memberCount + (joined === null ? (was ? -1 : 0) : was ? 0 : 1)
  return { ...log, members, memberCount: Math.max(memberCount, members.length) }
}

/** The conversation with what the draft has gathered; the cache learns what to write. */
export function withDraft(conversation: ConversationState, draft: LogDraft): ConversationState {
  const { log } = draft
  const to = Math.max(draft.head, log.tail.to)
  const tail: Window = { rows: draft.tailRows, from: log.tail.from, to }
  const view = log.view && draft.viewRows ? { ...log.view, rows: draft.viewRows } : log.view
  const load = log.load && draft.unheld.length > 0 ? { ...log.load, kept: [...log.load.kept, ...draft.unheld] } : log.load
  const next: Log = { ...log, head: draft.head, tag: draft.tag, heard: Math.max(log.heard, draft.head), tail, view, load }
  return { ...conversation, log: next, cache: withDirty(conversation.cache, draft) }
}

function withDirty(cache: CacheState, draft: LogDraft): CacheState {
  const { cover } = cache
  const stored = cover ? draft.unheld.filter((row) => row.index >= cover.first) : []
  return {
    ...cache,
    dirty: true,
    dirtyFrom: Math.min(cache.dirtyFrom, draft.dirtyFrom),
    patches: stored.length > 0 ? [...cache.patches, ...stored] : cache.patches,
  }
}
