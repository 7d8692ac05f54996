/**
 * Watermarks (R21–R23): one number per member and kind, merged by max within an epoch, read ≤ head. Own read is a
 * register beside the queue: kept on disk and told on every link until the server's state covers it. So is the place from
 * which this user has it as unread again; of that one the higher `rev` wins, and a set asks for one above all it knows.
 */
import type { InboxRow, Mark, Marked, MessageRow } from '../protocol/frames.js'
import { saveRegister } from './cache/disk-queue.js'
import { isCrowded } from './outbox/flush.js'
import type { ConversationState, Receipts } from './state.js'
import { heard, isLive } from './timeline/live.js'
import * as bounds from './bounds.js'
import * as timing from './timing.js'
import { never } from './timing.js'
import { type Draft, offers, report, shownTime, type Turn } from './turn.js'

export const unmarked: Marked = { at: 0, rev: 0 }

const noMark = { delivered: 0, read: 0 }

export const noReceipts: Receipts = {
  marks: new Map(),
  marked: unmarked,
  pending: null,
  told: { on: 0, ...noMark, dueMs: never },
  toldRev: 0,
  storedTo: 0,
  unread: { count: 0, more: false, read: 0, countedTo: 0 },
}

/** What counts as unread: messages of others, no tombstones (R22). */
export const isNews = ({ author, deleted }: MessageRow, user: string) => (planted.ownUnread || author !== user) && !deleted

const newer = (a: Marked, b = unmarked) => (b.rev > a.rev ? b : a)

const markOf = ({ marks }: Receipts, user: string) => marks.get(user) ?? noMark

/** A user's own registers. */
type Own = Pick<Mark, 'read' | 'marked'>

/** What is still to be told, in the present epoch. */
const pendingOf = ({ receipts, log }: ConversationState): Own => (receipts.pending?.epoch === log.epoch ? receipts.pending : noMark)

/** What lies above counts as unread: the read watermark, or what is just below the mark if that is lower. As the server says. */
export function readTo(receipts: Receipts, user: string, own: Own = noMark): number {
  const read = Math.max(markOf(receipts, user).read, own.read)
  const { at } = newer(receipts.marked, own.marked)
  return at ? Math.min(read, at - 1) : read
}

/** The same with what is still to be told. */
export function ownRead(c: ConversationState, user: string): number {
  return readTo(c.receipts, user, pendingOf(c))
}

/** Reads up to the newest row of the window that is shown; while hidden nobody reads. */
export function markRead(turn: Turn, c: Draft): void {
  const { log } = c
  const read = log.view ? (log.view.rows.at(-1)?.seq ?? 0) : log.head
  if (turn.visible && read > ownRead(c, turn.config.user)) setPending(turn, c, read, 0)
}

/** Unread again from here on; `seq` 0: from the newest message of somebody else on. */
export function markUnread(turn: Turn, c: Draft, seq: number): void {
  const { head, tail } = c.log
  const at = seq || (tail.rows.findLast((row) => isNews(row, turn.config.user))?.seq ?? 0)
  if (at > 0 && at <= head) setPending(turn, c, 0, at)
}

/** A mark not told yet is replaced under its `rev`; one that may have arrived is outdone. */
function setPending(turn: Turn, c: Draft, to: number, at: number): void {
  const { receipts, log, id } = c
  if (log.state !== 'ready') return
  const { marked: held, toldRev } = receipts
  const { read, marked } = pendingOf(c)
  const wanted = newer(held, marked).at === at ? marked : { at, rev: Math.max(held.rev, toldRev) + 1 }
  receipts.pending = { epoch: log.epoch, read: Math.max(to, read), marked: wanted }
  saveRegister(turn, id, receipts.pending)
}

/** The server's state of watermarks, in whatever order it comes. */
export function mergeMarks(turn: Turn, c: Draft, epoch: string, marks: readonly Mark[]): void {
  const { log, receipts, cache } = c
  const { user } = turn.config
  if (epoch !== log.epoch && !planted.staleEpochMarks) return
  const was = receipts.marks
  const merged = new Map(was)
  const highest = planted.marksLowered ? (_: number, theirs: number) => theirs : Math.max
  let moved = false
  const { marked } = receipts
  for (const mark of marks) {
    if (mark.user === user) receipts.marked = newer(receipts.marked, mark.marked)
    const held = was.get(mark.user) ?? noMark
    const read = highest(held.read, mark.read)
    const delivered = Math.max(highest(held.delivered, mark.delivered), read)
    heard(c, delivered)
    if (read === held.read && delivered === held.delivered) continue
    if (merged.size > bounds.receiptMembers && !merged.has(mark.user) && mark.user !== user) continue
    merged.set(mark.user, { delivered, read })
    moved = true
  }
  if (moved || receipts.marked !== marked) cache.dirty = true
  if (moved) {
    receipts.marks = merged
    reportDelivered(turn, c, was)
  }
  // What the server now has, or has newer, need not be kept, nor what is of an epoch that is over.
  const { read, marked: wanted } = pendingOf(c)
  // Above the head of a live log nothing was read: a backup was restored.
  const to = isLive(turn, log) ? Math.min(read, log.head) : read
  if (to <= markOf(receipts, user).read && newer(receipts.marked, wanted) === receipts.marked) dropRegister(turn, c)
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

/** Tells the server what this link has not told yet, or not heard of in time: coalesced, highest only. */
export function tellReceipts(turn: Turn, c: Draft): void {
  const { log, receipts, id: conversation, watchers } = c
  const { config, nowMs } = turn
  if (!offers(turn, 'receipts') || !isLive(turn, log)) return
  const { user, delivered: from } = config
  const { epoch, head, liveOn: on } = log
  // Live now, it may be covered by what came before.
  if (receipts.pending) mergeMarks(turn, c, epoch, [])
  // Not covered in time: as if nothing had been told.
  if (nowMs >= receiptsWakeAt(turn, c)) receipts.told = noReceipts.told
  const isAnew = receipts.told.on !== on
  const told = isAnew ? noMark : receipts.told
  const own = markOf(receipts, user)
  const { read: to, marked: set } = pendingOf(c)
  const readable = Math.min(to, head)
  const deliverable = from === 'received' || watchers > 0 ? Math.min(receipts.storedTo, head) : 0
  const read = readable > Math.max(own.read, told.read) ? readable : undefined
  const isUntold = deliverable > Math.max(own.delivered, told.delivered)
  // Looked for once: it is the same until more is stored.
  if (isUntold && !othersWrote(log, user, own.delivered)) receipts.storedTo = 0
  const delivered = isUntold && receipts.storedTo ? deliverable : undefined
  const marked = set && (isAnew || set.rev > receipts.toldRev) ? set : undefined
  if ((!read && !delivered && !marked) || isCrowded(turn)) return
  turn.frames.push({ type: 'receipt', conversation, epoch, read, delivered, marked })
  receipts.told = { on, read: read ?? told.read, delivered: delivered ?? told.delivered, dueMs: nowMs + timing.ackMs }
  if (marked) receipts.toldRev = marked.rev
}

/** When what was told on this link, and is not covered, is told again: it may have been lost on a link that lives. */
export function receiptsWakeAt(turn: Turn, { log, receipts }: Draft): number {
  const { told, marked, pending, toldRev } = receipts
  const own = markOf(receipts, turn.config.user)
  const isCovered = told.read <= own.read && told.delivered <= own.delivered && !(pending?.marked && toldRev > marked.rev)
  return told.on !== log.liveOn || isCovered || isCrowded(turn) ? never : told.dueMs
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
    if (isNews(row, user)) count += 1
  }
  if (countedTo !== receipts.unread.countedTo) receipts.unread = { count, more, read, countedTo }
}

/**
 * A count of the server that is no older, for when not all of (read, head] is held. Also where nothing else moved: a server that had
 * lost a mark of this user, and was told of it again, counted without it meanwhile.
 */
export function summarised({ receipts }: Draft, { unread, read, head }: InboxRow, user: string): void {
  if (read < markOf(receipts, user).read || head < receipts.unread.countedTo) return
  receipts.unread = { count: unread.count, more: unread.more, read: readTo(receipts, user, { read }), countedTo: head }
}

/** Unread as it is written (R22): counted here when all of (read, head] is held, else by the server. Exact to 100. */
export function unreadOf(c: ConversationState, user: string): { count: number; more: boolean } {
  const { tail, head } = c.log
  const read = ownRead(c, user)
  const isHeld = read >= Math.min(tail.from, head)
  let { count, more } = c.receipts.unread
  // Of a mark that the server has not heard of there are at least those held.
  if (isHeld || read < readTo(c.receipts, user)) {
    count = 0
    more = !isHeld
    for (let i = tail.rows.length - 1; i >= 0 && count <= bounds.unread; i--) {
      const row = tail.rows[i] as MessageRow
      if (row.seq <= read) break
      if (isNews(row, user)) count += 1
    }
  }
  return { count: Math.min(count, bounds.unread), more: more || count > bounds.unread }
}

/** The disk now holds everything up to here: others may know it was delivered (R23). */
export function storedTo({ receipts }: Draft, head: number): void {
  receipts.storedTo = Math.max(receipts.storedTo, head)
}
