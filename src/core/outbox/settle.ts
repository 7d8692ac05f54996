/**
 * Answers to operations: ack, rejection, deadline, and the log itself, in any order and in every arm (R11, R14).
 * The entry leaves memory when its message stands in the log; its row leaves the disk in the commit that stores it.
 */
import type { MessageRow, ServerFrame } from '../../protocol/frames.js'
import { enqueue } from '../cache/disk-queue.js'
import { isOf } from '../ahead.js'
import { waitMs } from '../../ports/backoff.js'
import { heard, isLive } from '../timeline/live.js'
import { windowOf } from '../timeline/window.js'
import * as bounds from '../bounds.js'
import { type Draft, draftOf, onlineLink, report, type Turn } from '../turn.js'
import { type Entry, entryRemoval, isUnsettled, rowOf, uncertain } from './entry.js'
import { isInFlight, requeue } from './flush.js'
import { drop, entryOf, fail, revise, takenBack } from './outbox.js'

type Ack = Extract<ServerFrame, { type: 'ack' }>
type Reject = Extract<ServerFrame, { type: 'reject' }>

export function acked(turn: Turn, { conversation, localId, epoch, seq, message }: Ack): void {
  const c = draftOf(turn, conversation)
  const entry = c && entryOf(c, localId)
  if (!entry || entry.arm.kind === 'acked') return
  const { log } = c
  // Another epoch: what is held cannot be continued, and the server will say so when asked.
  if (log.epoch && epoch !== log.epoch) {
    log.liveOn = 0
    return
  }
  if (seq === undefined) {
    // Taken back before, and sent again since: it can never land, and its user must hear so. The server knows it: what follows it arrives.
    if (!entry.voiding) return fail(turn, c, entry, 'taken-back')
    enqueue(turn, c.id, '', [entryRemoval(entry)])
    return takenBack(turn, c, entry)
  }
  // Below the head it stands in the log, if the log is known to be the server's: before `open` is answered it is not.
  if (seq <= log.head && isLive(turn, log)) return settle(turn, c, entry)
  reportSent(turn, c, entry, message)
  revise(c, entry, { arm: { kind: 'acked', seq, epoch, link: onlineLink(turn), message }, voiding: false })
  if (planted.ackShownInPlace && message) log.tail = windowOf([...log.tail.rows, message], log.tail.from, log.tail.to)
  else heard(c, seq)
}

/** The log holds the message of this entry. */
function settle(turn: Turn, c: Draft, entry: Entry): void {
  if (entry.arm.kind !== 'acked') reportSent(turn, c, entry)
  if (planted.settledStays) return
  drop(turn, c, entry)
  if (planted.outboxRowFirst) return enqueue(turn, c.id, '', [entryRemoval(entry)])
  // Tried again, it has two: its first row may not leave the disk alone.
  turn.disk.waiting = turn.disk.waiting.filter((each) => each.localId !== entry.localId || each.writes.length > 1)
  c.cache.dirty = true
  c.cache.removals = c.cache.removals.concat(entryRemoval(entry))
}

/** What the log has just taken in; without an author it is an own change. */
export function settleOwn(turn: Turn, c: Draft, rows: readonly Partial<Pick<MessageRow, 'author' | 'localId'>>[]): void {
  const { user } = turn.config
  for (const { author = user, localId } of rows) {
    const entry = author === user && entryOf(c, localId)
    if (entry) settle(turn, c, entry)
  }
}

/** Entries whose messages stand in a window already: an older instance sent them, or the answer was lost (L5). */
export function settleHeld(turn: Turn, c: Draft): void {
  const { tail, view } = c.log
  settleOwn(turn, c, [...tail.rows, ...(view?.rows ?? [])])
}

/** `row`: as the server stores it; made from the entry where the answer did not say. */
function reportSent(turn: Turn, { log }: Draft, entry: Entry, row?: MessageRow): void {
  const { user } = turn.config
  const tookMs = entry.madeMs < 0 ? -1 : turn.nowMs - entry.madeMs
  const held = row ?? log.tail.rows.findLast(isOf({ author: user, localId: entry.localId }))
  report(turn, { kind: 'sent', entry, tookMs, row: held ?? rowOf(entry, user) })
}

export function rejected(turn: Turn, { conversation, localId, try: tried, final, code, retryAfterMs }: Reject): void {
  const c = draftOf(turn, conversation)
  const entry = c && entryOf(c, localId)
  if (!c || entry?.arm.kind !== 'inflight' || tried !== entry.attempts) return
  if (final) return planted.rejectDrops ? drop(turn, c, entry) : fail(turn, c, holdBack(c, entry), code)
  if (code !== 'out-of-order') return failedInPassing(turn, c, entry, retryAfterMs)
  const ahead = c.entries.slice(0, c.entries.indexOf(entry)).filter(isUnsettled)
  const before = ahead.findLast(({ key }) => key[2] === entry.key[2]) ?? ahead.at(-1)
  holdBack(c, entry, { arm: { kind: 'queued', notBeforeMs: 0, waits: true } })
  // The server no longer knows what it acknowledged: it was restored from a backup under this link.
  if (before?.arm.kind === 'acked') revise(c, before, { arm: uncertain })
}

/** Acknowledgements that did not come in time. */
export function ackDeadlines(turn: Turn, c: Draft): void {
  const late = c.entries.find(({ arm }) => arm.kind === 'inflight' && arm.deadlineMs <= turn.nowMs)
  if (late) planted.droppedAtDeadline ? drop(turn, c, late) : failedInPassing(turn, c, late, 0, true)
}

/** The queue holds and goes again; an entry that fails alone while others settle gives up at last. */
function failedInPassing(turn: Turn, c: Draft, entry: Entry, hintMs?: number, isLate?: boolean): void {
  const settledThen = turn.outbox.settled
  const alone = entry.alone + (settledThen > entry.settledThen ? 1 : 0)
  if (alone >= bounds.soloFailures) return fail(turn, c, holdBack(c, entry), 'gave-up', false)
  const notBeforeMs = turn.nowMs + waitMs(Math.min(entry.attempts - 1, 6), turn.roll, hintMs)
  holdBack(c, entry, { arm: { kind: 'queued', notBeforeMs, uncertain: isLate }, alone, settledThen })
}

/** A changed entry, and everything in flight behind it goes again: it was sent as its successor (R12). */
function holdBack(c: Draft, entry: Entry, change: Partial<Entry> = {}): Entry {
  const place = c.entries.indexOf(entry)
  requeue(c, (each, at) => at > place && isInFlight(each))
  return revise(c, entry, change)
}

/**
 * What the server once acknowledged on another link than this one (0: on any), it is asked for again: after a reset or a
 * restored backup it may be lost, and where it is not, the first answer comes back (R3). `isBehind`: so is all that is in flight.
 */
export function askAgain(c: Draft, trusted: number, isBehind = false): void {
  requeue(c, (entry) => {
    const { arm } = entry
    const isDoubtful = arm.kind === 'acked' && arm.link !== trusted
    isBehind ||= isDoubtful
    // What is on its way behind one was sent as its successor, and goes again too (R12).
    return isDoubtful || (isBehind && isInFlight(entry))
  })
}

/**
 * The log has been asked on this link, and what it brought is settled. What this link has acknowledged up to the head is in
 * it; what an older one acknowledged and is not in it may be lost with a restored backup, and is asked again.
 */
export function doubtAcked(turn: Turn, c: Draft): void {
  askAgain(c, onlineLink(turn))
  for (const entry of c.entries) if (entry.arm.kind === 'acked' && entry.arm.seq <= c.log.head) settle(turn, c, entry)
}
