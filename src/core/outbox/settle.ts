/**
 * Answers to operations: ack, rejection, deadline, and the log itself, in any order and in every arm (R11, R14).
 * The entry leaves memory when its message stands in the log; its row leaves the disk in the commit that stores it.
 */
import type { MessageRow, ServerFrame } from '../../protocol/frames.js'
import { enqueue } from '../cache/disk-queue.js'
import { waitMs } from '../session.js'
import { heard, isLive } from '../timeline/live.js'
import { windowOf } from '../timeline/window.js'
import { bounds } from '../timing.js'
import { type Draft, draftOf, onlineLink, report, type Turn } from '../turn.js'
import { type Arm, type Entry, entryKey, entryRemoval, entryWrite, isUnsettled, queuedNow, rowOf, withChange } from './entry.js'
import { returnFrom } from './flush.js'
import { drop, entryOf, revise, takenBack } from './outbox.js'

type Ack = Extract<ServerFrame, { type: 'ack' }>
type Reject = Extract<ServerFrame, { type: 'reject' }>

export function acked(turn: Turn, { conversation, localId, epoch, seq, message }: Ack): void {
  const c = draftOf(turn, conversation)
  const entry = c && entryOf(c, localId)
  if (!entry || entry.arm.kind === 'acked') return
  const { log } = c
  if (log.epoch !== '' && epoch !== log.epoch) return
  if (seq === undefined) {
    // Taken back before, and sent again since: it can never land, and its user must hear so.
    if (!entry.voiding) return fail(turn, c, entry, 'taken-back', true)
    enqueue(turn, c.id, '', [entryRemoval(entry)])
    return takenBack(turn, c, entry)
  }
  // Below the head it stands in the log, if the log is known to be the server's: before `open` is answered it is not.
  if (seq <= log.head && isLive(turn, log)) return settle(turn, c, entry)
  reportSent(turn, c, entry, message)
  const arm: Arm = { kind: 'acked', seq, epoch, link: onlineLink(turn), ...(message ? { message } : {}) }
  revise(c, entry, { arm, voiding: false })
  if (planted.ackShownInPlace && message) log.tail = windowOf([...log.tail.rows, message], log.tail.from, log.tail.to)
  else heard(c, seq)
}

/** The log holds the message of this entry. */
function settle(turn: Turn, c: Draft, entry: Entry): void {
  if (entry.arm.kind !== 'acked') reportSent(turn, c, entry)
  drop(turn, c, entry)
  if (planted.outboxRowFirst) return enqueue(turn, c.id, '', [entryRemoval(entry)])
  c.cache.dirty = true
  c.cache.removals = [...c.cache.removals, entryKey(entry)]
}

/** Own changes that the log has just taken in. */
export function settleOwn(turn: Turn, c: Draft, localIds: readonly string[]): void {
  for (const localId of c.entries.length > 0 ? localIds : []) {
    const entry = entryOf(c, localId)
    if (entry) settle(turn, c, entry)
  }
}

/** Entries whose messages stand in a window already: an older instance sent them, or the answer was lost (L5). */
export function settleHeld(turn: Turn, c: Draft): void {
  const { tail, view } = c.log
  if (c.entries.length > 0) settleOwn(turn, c, ownIds([...tail.rows, ...(view?.rows ?? [])], turn.config.user))
}

export function ownIds(rows: readonly MessageRow[], user: string): string[] {
  return rows.flatMap(({ author, localId }) => (author === user && localId !== undefined ? [localId] : []))
}

/** `row`: as the server stores it; made from the entry where the answer did not say. */
function reportSent(turn: Turn, { log }: Draft, entry: Entry, row?: MessageRow): void {
  const { user } = turn.config
  const tookMs = entry.madeMs < 0 ? -1 : turn.nowMs - entry.madeMs
  const held = row ?? log.tail.rows.findLast(({ localId, author }) => localId === entry.localId && author === user)
  report(turn, { kind: 'sent', entry, tookMs, row: held ?? rowOf(entry, user) })
}

export function rejected(turn: Turn, frame: Reject): void {
  const c = draftOf(turn, frame.conversation)
  const entry = c && entryOf(c, frame.localId)
  if (entry?.arm.kind !== 'inflight' || frame.try !== entry.attempts) return
  if (frame.final) return fail(turn, c as Draft, entry, frame.code, true)
  if (frame.code !== 'out-of-order') return failedInPassing(turn, c as Draft, entry, frame.retryAfterMs)
  const { entries } = c as Draft
  const at = entries.indexOf(entry)
  const before = entries.slice(0, at).findLast(isUnsettled)
  const waits = before?.arm.kind === 'inflight'
  returnFrom(c as Draft, at, { kind: 'queued', notBeforeMs: 0, ...(waits ? { waitFor: before.localId } : {}) })
  // The server no longer knows what it acknowledged: it was restored from a backup under this link.
  if (before && !waits) revise(c as Draft, before, { arm: queuedNow })
}

/** Acknowledgements that did not come in time. */
export function ackDeadlines(turn: Turn, c: Draft): void {
  const late = c.entries.find(({ arm }) => arm.kind === 'inflight' && arm.deadlineMs <= turn.nowMs)
  if (late) failedInPassing(turn, c, late)
}

/** The queue holds and goes again; an entry that fails alone while others settle gives up at last. */
function failedInPassing(turn: Turn, c: Draft, entry: Entry, hintMs?: number): void {
  const settledThen = turn.outbox.settled
  const alone = entry.alone + (settledThen > entry.settledThen ? 1 : 0)
  if (alone >= bounds.soloFailures) return fail(turn, c, entry, 'gave-up', false)
  const at = c.entries.indexOf(entry)
  const notBeforeMs = turn.nowMs + waitMs(Math.min(entry.attempts - 1, 6), turn.roll, hintMs)
  returnFrom(c, at, { kind: 'queued', notBeforeMs })
  revise(c, c.entries[at] as Entry, { alone, settledThen })
}

/** Visible and at rest until `retry` or `discard`; everything behind it goes on. */
export function fail(turn: Turn, c: Draft, entry: Entry, code: string, final: boolean): void {
  const { localId } = entry
  const at = c.entries.findIndex((each) => each.localId === localId)
  returnFrom(c, at, { kind: 'failed', code, final, behind: c.log.head })
  const failed = revise(c, c.entries[at] as Entry, { voiding: false })
  enqueue(turn, c.id, localId, [entryWrite(failed)])
  report(turn, { kind: 'failed', conversation: c.id, localId, code })
}

/**
 * What the server once acknowledged on another link than this one (0: on any), it is asked for again: after a reset or a
 * restored backup it may be lost, and where it is not, the first answer comes back (R3).
 */
export function askAgain(entries: readonly Entry[], trusted = 0): readonly Entry[] {
  return entries.map((each) => (each.arm.kind === 'acked' && each.arm.link !== trusted ? withChange(each, { arm: queuedNow }) : each))
}

/**
 * The log has been asked on this link, and what it brought is settled. What this link has acknowledged up to the head is in
 * it; what an older one acknowledged and is not in it may be lost with a restored backup, and is asked again.
 */
export function doubtAcked(turn: Turn, c: Draft): void {
  c.entries = askAgain(c.entries, onlineLink(turn))
  for (const entry of c.entries) if (entry.arm.kind === 'acked' && entry.arm.seq <= c.log.head) settle(turn, c, entry)
}
