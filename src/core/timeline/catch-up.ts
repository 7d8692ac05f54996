/**
 * Keeping a conversation live: one `open` at a time, asked whenever it is not followed on this link or something
 * above its head has been heard of (R5, R24).
 */
import type { Opened } from '../../protocol/frames.js'
import { confirm } from '../ahead.js'
import { doubtAcked } from '../outbox/settle.js'
import { readTo } from '../receipts.js'
import type { ConversationState } from '../state.js'
import * as bounds from '../bounds.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { type Draft, draftOf, nextNumber, onlineLink, report, type Turn } from '../turn.js'
import { admitOpened, bySeq } from './admit.js'
import { isLive } from './live.js'

/** Asks if something is missing and nothing is under way. Called for every conversation a turn has touched. */
export function ensureCaughtUp(turn: Turn, c: Draft): void {
  if (turn.nowMs >= (c.log.catchUp?.deadlineMs ?? never)) failedCatchUp(turn, c)
  const place = turn.nowMs >= dueAt(turn, c) && placeFor(turn, c)
  if (!place) return
  if (place !== c) {
    turn.frames.push({ type: 'unfollow', conversation: place.id })
    unfollowed(draftOf(turn, place.id) as Draft)
  }
  ask(turn, c, turn.nowMs, 0)
}

/** When to ask: it is not followed on this link, or something above its head has been heard of, and nothing is under way. */
function dueAt(turn: Turn, { log, receipts }: Draft): number {
  if (!onlineLink(turn) || log.state !== 'ready' || log.catchUp) return never
  if (!isLive(turn, log)) return log.retryAtMs
  // A server that only hints (large rooms, degraded links) hints of every change: many of them are one catch-up.
  if (log.head < log.heard) return Math.max(log.retryAtMs, isHinted(log) ? log.hintAtMs : 0)
  // The server's count is from before this user read on or marked it, and what is unread is not all held: only the server can count (R22).
  const read = readTo(receipts, turn.config.user)
  return receipts.unread.read !== read && read < log.tail.from ? log.retryAtMs : never
}

function isHinted({ heard, hinted }: Draft['log']): boolean {
  return heard > 0 && heard === hinted
}

/**
 * A server may follow fewer than are held: what nobody watches makes place for what somebody does (R24). Itself where
 * there is room; else the conversation that gives way, or nothing.
 */
function placeFor(turn: Turn, c: Draft): ConversationState | undefined {
  const { session } = turn
  if (session.phase !== 'online' || isLive(turn, c.log)) return c
  const followed = turn.conversations.filter(({ log }) => log.liveOn === session.link || log.catchUp)
  if (followed.length < session.limits.followed) return c
  if (isUnwatched(c)) return undefined
  return leastUsed(followed, (each) => isUnwatched(each) && !each.log.catchUp)
}

/** Where more are held than are followed, a place may be free now for one that waits. */
export function touchWaiting(turn: Turn): void {
  const { session, conversations } = turn
  if (session.phase !== 'online' || conversations.length <= session.limits.followed) return
  for (const c of conversations) if (c.log.state === 'ready' && !isLive(turn, c.log) && !isUnwatched(c)) draftOf(turn, c.id)
}

/** The one that gives way first. */
export function leastUsed(of: readonly ConversationState[], mayGo: (c: ConversationState) => boolean): ConversationState | undefined {
  return of.filter(mayGo).sort((a, b) => a.usedAt - b.usedAt)[0]
}

function isUnwatched({ watchers, entries }: ConversationState): boolean {
  return watchers === 0 && entries.length === 0
}

function ask(turn: Turn, { log, id }: Draft, sinceMs: number, rows: number): void {
  const { epoch, head: seq, tag, heard } = log
  const request = nextNumber(turn)
  if (isHinted(log)) log.hintAtMs = turn.nowMs + timing.hintPauseMs
  log.catchUp = { request, sinceMs, deadlineMs: turn.nowMs + timing.requestMs, rows, heard }
  turn.frames.push({ type: 'open', request, conversation: id, position: epoch === '' ? undefined : { epoch, seq, tag } })
}

/**
 * The answer of the one `open` under way. From any other, and from one that does not fit, nothing is taken; but what it names is in the
 * log, and shown ahead of it no more: the answer that is taken may begin behind it.
 */
export function opened(turn: Turn, frame: Opened): void {
  const c = draftOf(turn, frame.conversation)
  if (!c) return
  const asked = c.log.catchUp
  if (asked?.request !== frame.request) return confirm(turn, c, bySeq(frame.rows))
  if (!admitOpened(turn, c, frame)) {
    confirm(turn, c, bySeq(frame.rows))
    return failedCatchUp(turn, c)
  }
  const { log } = c
  const rows = asked.rows + frame.rows.length
  if (frame.more && log.head < frame.head) return ask(turn, c, asked.sinceMs, rows)
  log.catchUp = null
  log.liveOn = onlineLink(turn)
  // The server does not know of what was heard of before it was asked: it lags, or was restored from a backup. It is asked
  // again after a pause; when it has said the same a few times, its word counts and not the hearsay.
  const fellShort = log.head < log.heard && log.heard === asked.heard
  log.retryAtMs = fellShort ? turn.nowMs + timing.retryRequestMs * 2 ** log.doubts : 0
  log.doubts = fellShort ? log.doubts + 1 : 0
  if (log.doubts >= bounds.doubts) Object.assign(log, { heard: log.head, doubts: 0, retryAtMs: 0 })
  doubtAcked(turn, c)
  report(turn, { kind: 'caught-up', conversation: c.id, tookMs: turn.nowMs - asked.sinceMs, rows })
}

/** An `open` that had no usable answer is asked again after a pause, never at once in a loop. */
export function failedCatchUp(turn: Turn, { log }: Draft, retryAfterMs = 0): void {
  log.catchUp = null
  log.retryAtMs = turn.nowMs + Math.max(retryAfterMs, timing.retryRequestMs)
}

/** Nothing is live without its link. */
export function unfollowed({ log }: Draft): void {
  Object.assign(log, { liveOn: 0, catchUp: null, beyond: [], retryAtMs: 0 })
}

export function catchUpWakeAt(turn: Turn, c: Draft): number {
  const wakeAtMs = c.log.catchUp?.deadlineMs ?? dueAt(turn, c)
  return wakeAtMs === never || c.log.catchUp || placeFor(turn, c) ? wakeAtMs : never
}
