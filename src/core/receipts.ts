/**
 * Watermarks (R21–R23): one number per member and kind, merged by max within an epoch, read ≤ head. Own read is a
 * register beside the queue: kept on disk and told on every link until the server's state covers it.
 */
import type { InboxRow, Mark, MessageRow } from '../protocol/frames.js'
import { saveRegister } from './cache/disk-queue.js'
import { copyReceipts } from './copies.js'
import type { ConversationState, Receipts } from './state.js'
import { bounds } from './timing.js'
import { heard, isLive } from './timeline/live.js'
import { conversationOf, put, report, say, type Turn } from './turn.js'

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
export function markRead(turn: Turn, conversation: ConversationState): void {
  const { log, receipts } = conversation
  const window = log.view ?? log.tail
  const newest = window === log.tail ? log.head : (window.rows[window.rows.length - 1]?.seq ?? 0)
  if (!turn.state.visible || log.state !== 'ready' || log.epoch === '' || newest <= ownRead(conversation, turn.state.config.user)) return
  const pending = { epoch: log.epoch, read: newest }
  put(turn, { ...conversation, receipts: { ...receipts, pending } })
  saveRegister(turn, conversation.id, pending)
}

/** The server's state of watermarks, in whatever order it comes. */
export function mergeMarks(turn: Turn, conversation: ConversationState, epoch: string, marks: readonly Mark[]): void {
  const { log, receipts } = conversation
  const { user, faults } = turn.state.config
  if (epoch !== log.epoch && !faults.staleEpochMarks) return
  let merged: Map<string, { delivered: number; read: number }> | null = null
  let highest = 0
  for (const mark of marks) {
    const was = receipts.marks.get(mark.user) ?? noMark
    const max = faults.marksLowered ? (_: number, theirs: number) => theirs : Math.max
    const read = max(was.read, mark.read)
    const delivered = Math.max(max(was.delivered, mark.delivered), read)
    highest = Math.max(highest, delivered)
    if (read === was.read && delivered === was.delivered) continue
    const known: Receipts['marks'] = merged ?? receipts.marks
    if (!known.has(mark.user) && known.size >= bounds.receiptMembers + 1 && mark.user !== user) continue
    merged ??= new Map(receipts.marks)
    merged.set(mark.user, { delivered, read })
  }
  let next = conversation
  if (merged) {
    next = put(turn, { ...conversation, receipts: { ...receipts, marks: merged }, cache: { ...conversation.cache, dirty: true } })
    reportDelivered(turn, receipts, merged, conversation)
  }
  next = put(turn, registerCovered(turn, next))
  heard(turn, next, highest)
}

/** Own read that the server now has need not be kept, nor one of an epoch that is over. */
function registerCovered(turn: Turn, conversation: ConversationState): ConversationState {
  const { receipts } = conversation
  const covered = receipts.marks.get(turn.state.config.user)?.read ?? 0
  if (receipts.pending === null || (receipts.pending.epoch === conversation.log.epoch && receipts.pending.read > covered))
    return conversation
  return registerDropped(turn, conversation)
}

function registerDropped(turn: Turn, conversation: ConversationState): ConversationState {
  saveRegister(turn, conversation.id, null)
  return { ...conversation, receipts: { ...conversation.receipts, pending: null } }
}

/** Another line's watermarks mean nothing, nor does a read that was to be told in it (R3). */
export function newEpoch(turn: Turn, conversation: ConversationState): ConversationState {
  if (conversation.receipts.pending) saveRegister(turn, conversation.id, null)
  return { ...conversation, receipts: noReceipts }
}

function reportDelivered(turn: Turn, was: Receipts, marks: Receipts['marks'], { id, log }: ConversationState): void {
  const { user } = turn.state.config
  for (const row of log.tail.rows.slice(-8)) {
    if (row.author !== user) continue
    for (const [member, mark] of marks) {
      if (member === user || mark.delivered < row.seq || (was.marks.get(member)?.delivered ?? 0) >= row.seq) continue
      const skewMs = turn.state.session.phase === 'online' ? turn.state.session.skewMs : 0
      report(turn, { kind: 'delivered', conversation: id, tookMs: Math.max(0, turn.env.wallMs + skewMs - row.at) })
    }
  }
}

/** Tells the server what this link has not told yet: coalesced, highest only. */
export function tellReceipts(turn: Turn, conversation: ConversationState): void {
  const { log, receipts, id } = conversation
  if (!isLive(turn, log)) return
  const { user } = turn.state.config
  const fresh = receipts.toldOn === log.liveOn
  const own = receipts.marks.get(user) ?? noMark
  const read = receipts.pending?.epoch === log.epoch ? Math.min(receipts.pending.read, log.head) : 0
  const delivered = Math.min(receipts.storedTo, log.head)
  const tellRead = read > Math.max(own.read, fresh ? receipts.toldRead : 0)
  const tellDelivered =
    delivered > Math.max(own.delivered, fresh ? receipts.toldDelivered : 0) && othersWrote(conversation, user, own.delivered)
  if (!tellRead && !tellDelivered) return
  const toldRead = tellRead ? read : fresh ? receipts.toldRead : 0
  const toldDelivered = tellDelivered ? delivered : fresh ? receipts.toldDelivered : 0
  say(turn, { type: 'receipt', conversation: id, epoch: log.epoch, ...(tellRead ? { read } : {}), ...(tellDelivered ? { delivered } : {}) })
  put(turn, { ...conversation, receipts: { ...receipts, toldOn: log.liveOn, toldRead, toldDelivered } })
}

/** Is there a message of somebody else above the mark? Own messages need no receipt. */
function othersWrote({ log }: ConversationState, user: string, above: number): boolean {
  const { rows } = log.tail
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as MessageRow
    if (row.seq <= above) return false
    if (row.author !== user) return true
  }
  return log.tail.from > above
}

/** The server's count moves on with every message of others (R22). */
export function counted(receipts: Receipts, fresh: readonly MessageRow[], user: string): Receipts {
  const { unread } = receipts
  let { count, countedTo } = unread
  for (const row of fresh) {
    if (row.seq <= countedTo) continue
    countedTo = row.seq
    if (row.author !== user && row.deleted !== true) count += 1
  }
  if (countedTo === unread.countedTo) return receipts
  const next = copyReceipts(receipts)
  next.unread = { count, more: unread.more, read: unread.read, countedTo }
  return next
}

/** A newer count of the server, for when not all of (read, head] is held. */
export function summarised(turn: Turn, conversation: ConversationState, { unread, read, head }: InboxRow): void {
  const { receipts } = conversation
  const was = receipts.unread
  if (read < was.read || head < was.countedTo || (read === was.read && head === was.countedTo)) return
  put(turn, { ...conversation, receipts: { ...receipts, unread: { count: unread.count, more: unread.more, read, countedTo: head } } })
}

/** Unread as it is written (R22): counted here when all of (read, head] is held, else by the server. Exact to 100. */
export function unreadOf(conversation: ConversationState, user: string): { count: number; more: boolean } {
  const { log, receipts } = conversation
  const read = ownRead(conversation, user)
  if (read >= log.head) return { count: 0, more: false }
  if (log.tail.from > read)
    return { count: Math.min(receipts.unread.count, bounds.unread), more: receipts.unread.more || receipts.unread.count > bounds.unread }
  let count = 0
  for (let i = log.tail.rows.length - 1; i >= 0; i--) {
    const row = log.tail.rows[i] as MessageRow
    if (row.seq <= read) break
    if (row.author !== user && row.deleted !== true) count += 1
    if (count > bounds.unread) return { count: bounds.unread, more: true }
  }
  return { count, more: false }
}

/** The disk now holds everything up to here: others may know it was delivered (R23). */
export function storedTo(turn: Turn, id: string, head: number): void {
  const conversation = conversationOf(turn, id)
  if (!conversation || conversation.receipts.storedTo >= head) return
  put(turn, { ...conversation, receipts: { ...conversation.receipts, storedTo: head } })
}
