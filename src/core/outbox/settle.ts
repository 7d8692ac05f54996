/**
 * Answers to operations: ack, rejection, deadline, and the log itself, in any order and in every arm (R11, R14).
 * The entry leaves memory when its message stands in the log; its row leaves the disk in the commit that stores it.
 */
import type { MessageRow, ServerFrame } from '../../protocol/frames.js'
import { removeWithLog } from '../cache/cache.js'
import { save } from '../cache/disk-queue.js'
import type { ConversationState } from '../state.js'
import { heard, isLive } from '../timeline/live.js'
import { windowOf } from '../timeline/window.js'
import { bounds } from '../timing.js'
import { conversationOf, onlineLink, put, report, type Turn } from '../turn.js'
import { waitMs } from '../session.js'
import { type Arm, type Entry, entryKey, entryWrite, isUnsettled, queuedNow, rowOf } from './entry.js'
import { returnFrom } from './flush.js'
import { drop, replaced, voided } from './outbox.js'

type Ack = Extract<ServerFrame, { type: 'ack' }>
type Reject = Extract<ServerFrame, { type: 'reject' }>
type Acked = Extract<Arm, { kind: 'acked' }>

export function acked(turn: Turn, frame: Ack): void {
  const conversation = conversationOf(turn, frame.conversation)
  const entry = conversation?.entries.find((each) => each.localId === frame.localId)
  if (!conversation || !entry || entry.arm.kind === 'acked') return
  const { log } = conversation
  if (log.epoch !== '' && frame.epoch !== log.epoch) return
  if (frame.seq === undefined) {
    // Taken back before, and sent again since: it can never land, and its user must hear so.
    return entry.voiding ? voided(turn, conversation, entry) : fail(turn, conversation, entry, 'taken-back', true)
  }
  // Below the head it stands in the log, if the log is known to be the server's: before `open` is answered it is not.
  if (frame.seq <= log.head && isLive(turn, log)) return settle(turn, conversation, entry)
  reportSent(turn, entry, frame.message)
  const arm: Arm = {
    kind: 'acked',
    seq: frame.seq,
    epoch: frame.epoch,
    link: onlineLink(turn),
    ...(frame.message ? { message: frame.message } : {}),
  }
  const next = put(turn, { ...conversation, entries: replaced(conversation.entries, { ...entry, arm, voiding: false }) })
  if (turn.state.config.faults.ackShownInPlace && frame.message) showInPlace(turn, next, frame.message)
  else heard(turn, next, frame.seq)
}

/** The log holds the message of this entry. */
function settle(turn: Turn, conversation: ConversationState, entry: Entry): void {
  if (entry.arm.kind !== 'acked') reportSent(turn, entry)
  const left = drop(turn, conversation, entry)
  if (turn.state.config.faults.outboxRowFirst) save(turn, entry, [{ kind: 'remove', key: entryKey(entry) }])
  else put(turn, removeWithLog(left, entryKey(entry)))
}

/** Own changes that the log has just taken in. */
export function settleOwn(turn: Turn, conversationId: string, localIds: readonly string[]): void {
  for (const localId of localIds) {
    const conversation = conversationOf(turn, conversationId)
    const entry = conversation?.entries.find((each) => each.localId === localId)
    if (conversation && entry) settle(turn, conversation, entry)
  }
}

/** Entries whose messages stand in a window already: an older instance sent them, or the answer was lost (L5). */
export function settleHeld(turn: Turn, conversationId: string): void {
  const conversation = conversationOf(turn, conversationId)
  if (!conversation || conversation.entries.length === 0) return
  const { tail, view } = conversation.log
  const { user } = turn.state.config
  settleOwn(turn, conversationId, [...ownIds(tail.rows, user), ...ownIds(view?.rows ?? [], user)])
}

export function ownIds(rows: readonly MessageRow[], user: string): string[] {
  const ids: string[] = []
  for (const row of rows) if (row.author === user && row.localId !== undefined) ids.push(row.localId)
  return ids
}

/** `row`: as the server stores it; made from the entry where the answer did not say. */
function reportSent(turn: Turn, entry: Entry, row?: MessageRow): void {
  const tookMs = entry.madeMs < 0 ? -1 : turn.env.nowMs - entry.madeMs
  report(turn, { kind: 'sent', entry, tookMs, row: row ?? ownRow(turn, entry) })
}

function ownRow(turn: Turn, entry: Entry): MessageRow {
  const { user } = turn.state.config
  const rows = conversationOf(turn, entry.conversation)?.log.tail.rows ?? []
  return rows.findLast((row) => row.localId === entry.localId && row.author === user) ?? rowOf(entry, user)
}

export function rejected(turn: Turn, frame: Reject): void {
  const conversation = conversationOf(turn, frame.conversation)
  const entry = conversation?.entries.find((each) => each.localId === frame.localId)
  if (!conversation || entry?.arm.kind !== 'inflight' || frame.try !== entry.attempts) return
  if (frame.final) return fail(turn, conversation, entry, frame.code, true)
  if (frame.code !== 'out-of-order') return failedInPassing(turn, conversation, entry, frame.retryAfterMs)
  const before = conversation.entries.slice(0, conversation.entries.indexOf(entry)).findLast(isUnsettled)
  const arm: Arm = { kind: 'queued', notBeforeMs: 0, ...(before?.arm.kind === 'inflight' ? { waitFor: before.localId } : {}) }
  const returned = returnFrom(conversation.entries, entry.localId, arm)
  // The server no longer knows what it acknowledged: it was restored from a backup under this link.
  const entries = before?.arm.kind === 'acked' ? replaced(returned, { ...before, arm: queuedNow }) : returned
  put(turn, { ...conversation, entries })
}

/** Acknowledgements that did not come in time. */
export function ackDeadlines(turn: Turn, conversation: ConversationState): void {
  const late = conversation.entries.find((each) => each.arm.kind === 'inflight' && each.arm.deadlineMs <= turn.env.nowMs)
  if (late) failedInPassing(turn, conversation, late)
}

/** The queue holds and goes again; an entry that fails alone while others settle gives up at last. */
function failedInPassing(turn: Turn, conversation: ConversationState, entry: Entry, hintMs?: number): void {
  const { settled } = turn.state.outbox
  const others = settled > entry.settledThen
  const alone = others ? entry.alone + 1 : entry.alone
  if (alone >= bounds.soloFailures) return fail(turn, conversation, entry, 'gave-up', false)
  const notBeforeMs = turn.env.nowMs + waitMs(Math.min(entry.attempts - 1, 6), turn.env.roll, hintMs)
  const entries = returnFrom(conversation.entries, entry.localId, { kind: 'queued', notBeforeMs })
  put(turn, {
    ...conversation,
    entries: replaced(entries, { ...(entries.find((e) => e.localId === entry.localId) as Entry), alone, settledThen: settled }),
  })
}

/** Visible and at rest until `retry` or `discard`; everything behind it goes on. */
export function fail(turn: Turn, conversation: ConversationState, entry: Entry, code: string, final: boolean): void {
  const arm: Arm = { kind: 'failed', code, final, behind: conversation.log.head }
  const failed: Entry = { ...entry, arm, voiding: false }
  put(turn, { ...conversation, entries: replaced(returnFrom(conversation.entries, entry.localId, arm), failed) })
  save(turn, failed, [entryWrite(failed)])
  report(turn, { kind: 'failed', conversation: conversation.id, localId: entry.localId, code })
}

/** After a reset the server is asked again for everything it once acknowledged: the first answer comes back (R3). */
export function askAgain(entries: readonly Entry[], doubted: (arm: Acked) => boolean = () => true): readonly Entry[] {
  const isDoubted = ({ arm }: Entry) => arm.kind === 'acked' && doubted(arm)
  return entries.some(isDoubted) ? entries.map((each) => (isDoubted(each) ? { ...each, arm: queuedNow } : each)) : entries
}

/**
 * The log has been asked on this link, and what it brought is settled. What this link has acknowledged up to the head is in
 * it; what an older one acknowledged and is not in it may be lost with a restored backup, and is asked again.
 */
export function doubtAcked(turn: Turn, id: string): void {
  const conversation = conversationOf(turn, id)
  if (!conversation) return
  const link = onlineLink(turn)
  const entries = askAgain(conversation.entries, (arm) => arm.link !== link)
  if (entries !== conversation.entries) put(turn, { ...conversation, entries })
  const landed = entries.filter(({ arm }) => arm.kind === 'acked' && arm.seq <= conversation.log.head)
  settleOwn(
    turn,
    id,
    landed.map(({ localId }) => localId),
  )
}

/** A planted bug: an acknowledged message shown before the log reaches it. */
function showInPlace(turn: Turn, conversation: ConversationState, row: MessageRow): void {
  const { log } = conversation
  put(turn, { ...conversation, log: { ...log, tail: windowOf([...log.tail.rows, row], log.tail.from, log.tail.to) } })
}
