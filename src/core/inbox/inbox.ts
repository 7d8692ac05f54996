/**
 * The user's conversations (R24, R25): one item each, from the log where the conversation is in memory and followed,
 * else from the server's summary. One source for list, badges and panels. Frames chain by cursor; a break asks anew.
 */
import type { InboxRow, ServerFrame } from '../../protocol/frames.js'
import { learnPeople } from '../people.js'
import type { Entry } from '../outbox/entry.js'
import { summarised, unreadOf } from '../receipts.js'
import type { ConversationState } from '../state.js'
import { hinted } from '../timeline/live.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { type Draft, draftOf, nextNumber, offers, type Turn } from '../turn.js'
import { itemOf, itemsOf, withItem, replaced } from './book.js'
import type { InboxItemState } from './inbox-state.js'

type InboxFrame = Extract<ServerFrame, { type: 'inbox' }>

/** Asks for what is new since the cursor, or for everything. */
export function askInbox(turn: Turn): void {
  const { inbox } = turn
  inbox.dueAtMs = never
  if (!offers(turn, 'inbox')) return
  inbox.request = nextNumber(turn)
  inbox.dueAtMs = turn.nowMs + timing.requestMs
  turn.frames.push({ type: 'inbox', request: inbox.request, cursor: inbox.cursor || undefined })
}

export function inboxFrame(turn: Turn, { request, prev, next, more, rows, gone }: InboxFrame): void {
  const { inbox } = turn
  if ((request ?? 0) !== inbox.request) return
  if (request === undefined && prev !== inbox.cursor) return askInbox(turn)
  const unnamed = new Set(prev === undefined ? itemsOf(inbox.book).map(({ id }) => id) : inbox.unnamed)
  for (const row of rows) {
    learnPeople(turn, row.people)
    takeRow(turn, row, unnamed.delete(row.conversation))
  }
  // Items that a list which began anew has not named are dropped when it is complete.
  for (const id of more ? gone : [...gone, ...unnamed]) if (!standsFor(turn, id)) inbox.book = replaced(inbox.book, id)
  inbox.unnamed = more ? unnamed : null
  inbox.cursor = next
  if (request !== undefined) endRequest(turn, never)
  if (more) askInbox(turn)
  else inbox.state = 'ready'
}

/** Only a conversation that is followed, or has something to send, knows better: one from disk may be of before its user was removed. */
function standsFor({ conversations, slots }: Turn, id: string): boolean {
  const held = conversations[slots.get(id) ?? -1]
  return !!held && !!(held.log.liveOn || pendingOf(held))
}

function pendingOf({ entries }: ConversationState): Entry | undefined {
  return entries.findLast((entry) => !entry.voiding && entry.arm.kind !== 'failed')
}

/**
 * A summary: it stands where the conversation is not held, and tells the log of a head it has not seen. A list that began anew may be
 * of a restored backup: its rows take the place of any.
 */
function takeRow(turn: Turn, row: InboxRow, isAnew: boolean): void {
  const { inbox } = turn
  const { conversation: id, epoch, head, rev, profile, unread, last, people } = row
  const held = draftOf(turn, id)
  const old = itemOf(inbox.book, id)
  if (held?.log.state === 'gone') held.log.state = 'ready'
  else if (held?.log.epoch === epoch) {
    hinted(held, head)
    summarised(held, row, turn.config.user)
  }
  // Summarised is known, and known is delivered (R23).
  if (!held && turn.config.delivered === 'received' && unread.count > 0 && (last?.seq ?? 0) > (old?.last?.seq ?? 0)) {
    turn.frames.push({ type: 'receipt', conversation: id, epoch, delivered: head })
  }
  if (held?.log.liveOn || (old && old.rev > rev && !isAnew)) return
  inbox.book = withItem(inbox.book, {
    id,
    at: last?.at ?? old?.at ?? 0,
    unread: unread.count,
    more: unread.more,
    rev,
    profile,
    people: people.map(({ user }) => ({ user })),
    last,
  })
}

/** A conversation in memory has changed: its item follows from log, outbox and watermarks. */
export function inboxFollows({ inbox, config }: Turn, c: Draft): void {
  const { log, id } = c
  const { members, memberCount } = log
  const pending = pendingOf(c)
  const old = itemOf(inbox.book, id)
  // Once the list is heard, a conversation from disk that it does not name is of a user who was removed.
  const isListed = pending || (log.epoch !== '' && (old || log.liveOn || !inbox.cursor))
  if (log.state !== 'ready' || !isListed) return
  const known = log.epoch === '' || (!log.liveOn && log.head < log.hinted) ? old : undefined
  const last = known?.last ?? log.tail.rows.at(-1) ?? old?.last
  const { count: unread, more } = known ? { count: known.unread, more: known.more } : unreadOf(c, config.user)
  const item: InboxItemState = {
    id,
    at: Math.max(last?.at ?? 0, pending?.at ?? 0),
    unread,
    more,
    rev: old?.rev ?? 0,
    profile: (known ?? log).profile,
    people: members.length > 0 ? members : (old?.people ?? []),
    last,
    pending,
    receipts: !pending && last?.author === config.user ? { members, memberCount, marks: c.receipts.marks } : undefined,
  }
  if (!old || !isSame(old, item)) inbox.book = withItem(inbox.book, item)
}

function isSame(a: InboxItemState, b: InboxItemState): boolean {
  const isShown = a.last === b.last && a.pending === b.pending && a.unread === b.unread && a.more === b.more && a.profile === b.profile
  return isShown && a.receipts?.marks === b.receipts?.marks && a.receipts?.members === b.receipts?.members
}

export function inboxLinkLost(turn: Turn): void {
  const { inbox } = turn
  if (inbox.state === 'ready') inbox.state = 'stale'
  inbox.unnamed = null
  endRequest(turn, never)
}

function endRequest({ inbox }: Turn, dueAtMs: number): void {
  inbox.request = 0
  inbox.dueAtMs = dueAtMs
}

/** The list could not be had: it is asked for again after a pause. */
export function inboxFailed(turn: Turn, request: number, retryAfterMs: number): void {
  if (request && request === turn.inbox.request) endRequest(turn, turn.nowMs + Math.max(retryAfterMs, timing.retryRequestMs))
}

export function inboxTick(turn: Turn): void {
  const { request, dueAtMs } = turn.inbox
  if (turn.nowMs < dueAtMs) return
  if (request) inboxFailed(turn, request, 0)
  else askInbox(turn)
}
