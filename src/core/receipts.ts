/**
 * Watermarks (R21–R23): one number per member and kind, merged by max within an epoch, read ≤ head. Own read is a
 * register beside the queue: kept on disk and told on every link until the server's state covers it.
 */
import type { InboxRow, Mark, MessageRow } from '../protocol/frames.js'
import { saveRegister } from './cache/disk-queue.js'
import { isCrowded } from './outbox/flush.js'
import type { ConversationState, Receipts } from './state.js'
import { heard, isLive } from './timeline/live.js'
import { bounds } from './timing.js'
import { type Draft, report, shownTime, type Turn } from './turn.js'

export const noReceipts: Receipts = {
  marks: new Map(),
  pending: null,
  toldOn: 0,
  toldRead: 0,
  toldDelivered: 0,
  storedTo: 0,
  unread: { count: 0, more: false, read: 0, countedTo: 0 },
}

const noMark = { delivered: 0, read: 0 }

/** Own read watermark with what is still to be told. */
export function ownRead({ receipts, log }: ConversationState, user: string): number {
  const read = receipts.marks.get(user)?.read ?? 0
  return receipts.pending?.epoch === log.epoch ? Math.max(read, receipts.pending.read) : read
}

/** Reads up to the newest row of the window that is shown; while hidden nobody reads. */
export function markRead(turn: Turn, c: Draft): void {
  const { log, id } = c
  const { epoch } = log
  const read = log.view ? (log.view.rows.at(-1)?.seq ?? 0) : log.head
  if (turn.visible && log.state === 'ready' && epoch !== '' && read > ownRead(c, turn.config.user)) {
    c.receipts.pending = { epoch, read }
    saveRegister(turn, id, c.receipts.pending)
  }
}

/** The server's state of watermarks, in whatever order it comes. */
export function mergeMarks(turn: Turn, c: Draft, epoch: string, marks: readonly Mark[]): void {
  const { log, receipts, cache } = c
  const { user } = turn.config
  if (epoch !== log.epoch && !planted.staleEpochMarks) return
  const was = receipts.marks
  const merged = new Map(was)
  const highest = (ours: number, theirs: number) => (planted.marksLowered || theirs > ours ? theirs : ours)
  let moved = false
  for (const mark of marks) {
    const held = was.get(mark.user) ?? noMark
    const read = highest(held.read, mark.read)
    const delivered = Math.max(highest(held.delivered, mark.delivered), read)
    heard(c, delivered)
    if (read === held.read && delivered === held.delivered) continue
    if (merged.size > bounds.receiptMembers && !merged.has(mark.user) && mark.user !== user) continue
    merged.set(mark.user, { delivered, read })
    moved = true
  }
  if (moved) {
    receipts.marks = merged
    cache.dirty = true
    reportDelivered(turn, c, was)
  }
  // Own read that the server now has need not be kept, nor one of an epoch that is over, nor what is above the whole log: a
  // backup was restored, and what was read there is gone.
  const { pending } = receipts
  const read = receipts.marks.get(user)?.read ?? 0
  const hasAll = read >= log.head && log.head >= log.heard && isLive(turn, log)
  if (pending && (pending.epoch !== log.epoch || pending.read <= read || hasAll)) dropRegister(turn, c)
}

function dropRegister(turn: Turn, { receipts, id }: Draft): void {
  if (receipts.pending) saveRegister(turn, id, null)
  receipts.pending = null
}

/** Another line's watermarks mean nothing, nor does a read that was to be told in it (R3). */
export function newEpoch(turn: Turn, c: Draft): void {
  dropRegister(turn, c)
  Object.assign(c.receipts, noReceipts)
}

function reportDelivered(turn: Turn, { id, log, receipts }: Draft, was: Receipts['marks']): void {
  const { user } = turn.config
  for (const { author, seq, at } of log.tail.rows.slice(-8)) {
    if (author !== user) continue
    for (const [member, { delivered }] of receipts.marks) {
      if (member === user || delivered < seq || (was.get(member)?.delivered ?? 0) >= seq) continue
      report(turn, { kind: 'delivered', conversation: id, tookMs: Math.max(0, shownTime(turn) - at) })
    }
  }
}

/** Tells the server what this link has not told yet: coalesced, highest only. */
export function tellReceipts(turn: Turn, { log, receipts, id: conversation, watchers }: Draft): void {
  if (!isLive(turn, log) || isCrowded(turn)) return
  const { user, delivered: from } = turn.config
  const { epoch, head, liveOn } = log
  if (receipts.toldOn !== liveOn) Object.assign(receipts, { toldOn: liveOn, toldRead: 0, toldDelivered: 0 })
  const own = receipts.marks.get(user) ?? noMark
  const read = receipts.pending?.epoch === epoch ? Math.min(receipts.pending.read, head) : 0
  const delivered = from === 'received' || watchers > 0 ? Math.min(receipts.storedTo, head) : 0
  const tellRead = read > Math.max(own.read, receipts.toldRead)
  const tellDelivered = delivered > Math.max(own.delivered, receipts.toldDelivered) && othersWrote(log, user, own.delivered)
  if (!tellRead && !tellDelivered) return
  if (tellRead) receipts.toldRead = read
  if (tellDelivered) receipts.toldDelivered = delivered
  turn.frames.push({ type: 'receipt', conversation, epoch, ...(tellRead ? { read } : {}), ...(tellDelivered ? { delivered } : {}) })
}

/** Is there a message of somebody else above the mark? Own messages need no receipt. */
function othersWrote({ tail }: Draft['log'], user: string, above: number): boolean {
  const newest = tail.rows.findLast((row) => row.seq <= above || row.author !== user)
  return newest ? newest.seq > above : tail.from > above
}

/** The server's count moves on with every message of others (R22). */
export function count(receipts: Draft['receipts'], fresh: readonly MessageRow[], user: string): void {
  const { more, read } = receipts.unread
  let { count, countedTo } = receipts.unread
  for (const row of fresh) {
    if (row.seq <= countedTo) continue
    countedTo = row.seq
    if (row.author !== user && !row.deleted) count += 1
  }
  if (countedTo !== receipts.unread.countedTo) receipts.unread = { count, more, read, countedTo }
}

/** A newer count of the server, for when not all of (read, head] is held. */
export function summarised({ receipts }: Draft, { unread, read, head }: InboxRow): void {
  const was = receipts.unread
  const newer = read >= was.read && head >= was.countedTo && (read > was.read || head > was.countedTo)
  if (newer) receipts.unread = { count: unread.count, more: unread.more, read, countedTo: head }
}

/** Unread as it is written (R22): counted here when all of (read, head] is held, else by the server. Exact to 100. */
export function unreadOf(c: ConversationState, user: string): { count: number; more: boolean } {
  const { tail, head } = c.log
  const read = ownRead(c, user)
  let { count, more } = c.receipts.unread
  if (tail.from <= read || read >= head) {
    count = 0
    more = false
    for (let i = tail.rows.length - 1; i >= 0 && count <= bounds.unread; i--) {
      const row = tail.rows[i] as MessageRow
      if (row.seq <= read) break
      if (row.author !== user && !row.deleted) count += 1
    }
  }
  return { count: Math.min(count, bounds.unread), more: more || count > bounds.unread }
}

/** The disk now holds everything up to here: others may know it was delivered (R23). */
export function storedTo({ receipts }: Draft, head: number): void {
  receipts.storedTo = Math.max(receipts.storedTo, head)
}
