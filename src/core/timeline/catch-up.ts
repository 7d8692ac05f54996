/**
 * Keeping a conversation live: one `open` at a time, asked whenever it is not followed on this link or something
 * above its head has been heard of (R5, R24).
 */
import type { Opened } from '../../protocol/frames.js'
import { doubtAcked } from '../outbox/settle.js'
import type { CatchUp, ConversationState, Log } from '../state.js'
import { bounds, never, timing } from '../timing.js'
import { conversationOf, nextNumber, onlineLink, put, report, say, type Turn } from '../turn.js'
import { admitDelta, admitReset, admitRest } from './admit.js'
import { isLive } from './live.js'

/** Asks if something is missing and nothing is under way. Called for every conversation a turn has touched. */
export function ensureCaughtUp(turn: Turn, conversation: ConversationState): void {
  const { log } = conversation
  const link = onlineLink(turn)
  if (link === 0 || log.state !== 'ready' || log.catchUp !== null) return
  if (log.liveOn === link && log.head >= log.heard && !isCountStale(turn, conversation)) return
  if (turn.env.nowMs < log.retryAtMs) return
  const place = placeFor(turn, conversation, link)
  if (place === null) return
  if (place !== 'free') {
    say(turn, { type: 'unfollow', conversation: place.id })
    unfollowed(turn, place)
  }
  ask(turn, conversation, turn.env.nowMs, 0)
}

/**
 * A server may follow fewer than are held: what nobody watches makes place for what somebody does (R24). `free`: there
 * is room; else the conversation that gives way, or null.
 */
function placeFor(turn: Turn, conversation: ConversationState, link: number): 'free' | ConversationState | null {
  const { session, conversations } = turn.state
  if (session.phase !== 'online' || conversation.log.liveOn === link) return 'free'
  const followed = conversations.filter(({ log }) => log.liveOn === link || log.catchUp !== null)
  if (followed.length < session.limits.followed) return 'free'
  if (isUnwatched(conversation)) return null
  const idle = followed.filter((each) => isUnwatched(each) && each.log.catchUp === null)
  return idle.sort((a, b) => a.usedAt - b.usedAt)[0] ?? null
}

function isUnwatched({ watchers, entries }: ConversationState): boolean {
  return watchers === 0 && entries.length === 0
}

/** The server's count is from before this user read on, and what came since is not all held: only the server can count (R22). */
function isCountStale(turn: Turn, { log, receipts }: ConversationState): boolean {
  const read = receipts.marks.get(turn.state.config.user)?.read ?? 0
  return receipts.unread.read < read && read < log.tail.from && read < log.head
}

function ask(turn: Turn, conversation: ConversationState, sinceMs: number, rows: number): void {
  const { log, id } = conversation
  const request = nextNumber(turn)
  const catchUp = { request, sinceMs, deadlineMs: turn.env.nowMs + timing.requestMs, rows, heard: log.heard }
  put(turn, { ...conversation, log: { ...log, catchUp } })
  const position = { epoch: log.epoch, seq: log.head, tag: log.tag }
  say(turn, { type: 'open', request, conversation: id, ...(log.epoch === '' ? {} : { position }) })
}

/** The answer of the one `open` under way; any other is late and ignored. */
export function opened(turn: Turn, frame: Opened): void {
  const conversation = conversationOf(turn, frame.conversation)
  const catchUp = conversation?.log.catchUp
  if (!conversation || !catchUp || catchUp.request !== frame.request) return
  const admitted = frame.reset === undefined ? admitDelta(turn, conversation, frame) : admitReset(turn, conversation, frame)
  if (!admitted) {
    failedCatchUp(turn, frame.request, 0)
    return
  }
  admitRest(turn, conversation.id, frame)
  const next = conversationOf(turn, conversation.id) as ConversationState
  const rows = catchUp.rows + frame.rows.length
  if (frame.reset === undefined && frame.more && next.log.head < frame.head) return ask(turn, next, catchUp.sinceMs, rows)
  const live: Log = { ...next.log, catchUp: null, retryAtMs: 0, liveOn: onlineLink(turn) }
  put(turn, { ...next, log: fellShort(live, catchUp) ? doubted(live, turn.env.nowMs) : { ...live, doubts: 0 } })
  doubtAcked(turn, next.id)
  report(turn, { kind: 'caught-up', conversation: next.id, tookMs: turn.env.nowMs - catchUp.sinceMs, rows })
}

/** The server does not know of what was heard of before it was asked: it lags, or was restored from a backup. */
function fellShort({ head, heard }: Log, asked: CatchUp): boolean {
  return head < heard && heard === asked.heard
}

/** Asked again after a pause; when it has said the same a few times, its word counts and not the hearsay. */
function doubted(log: Log, nowMs: number): Log {
  if (log.doubts + 1 >= bounds.doubts) return { ...log, heard: log.head, doubts: 0 }
  return { ...log, doubts: log.doubts + 1, retryAtMs: nowMs + timing.retryRequestMs * 2 ** log.doubts }
}

/** An `open` that had no usable answer is asked again after a pause, never at once in a loop. */
export function failedCatchUp(turn: Turn, request: number, retryAfterMs: number): boolean {
  const conversation = turn.state.conversations.find((each) => each.log.catchUp?.request === request)
  if (!conversation) return false
  const retryAtMs = turn.env.nowMs + Math.max(retryAfterMs, timing.retryRequestMs)
  put(turn, { ...conversation, log: { ...conversation.log, catchUp: null, retryAtMs } })
  return true
}

export function catchUpDeadline(turn: Turn, conversation: ConversationState): void {
  const { catchUp } = conversation.log
  if (catchUp && turn.env.nowMs >= catchUp.deadlineMs) failedCatchUp(turn, catchUp.request, 0)
}

/** Nothing is live without its link. */
export function unfollowed(turn: Turn, conversation: ConversationState): void {
  const { log } = conversation
  if (log.liveOn === 0 && log.catchUp === null && log.beyond.length === 0) return
  put(turn, { ...conversation, log: { ...log, liveOn: 0, catchUp: null, beyond: [], retryAtMs: 0 } })
}

export function catchUpWakeAt(turn: Turn, conversation: ConversationState): number {
  const { log } = conversation
  if (log.catchUp) return log.catchUp.deadlineMs
  const link = onlineLink(turn)
  const due = log.state === 'ready' && link !== 0 && (!isLive(turn, log) || log.head < log.heard || isCountStale(turn, conversation))
  return due && placeFor(turn, conversation, link) !== null ? log.retryAtMs : never
}
