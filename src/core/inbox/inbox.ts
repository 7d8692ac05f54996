/**
 * The user's conversations (R24, R25): one item each, from the log where the conversation is in memory and followed,
 * else from the server's summary. One source for list, badges and panels. Frames chain by cursor; a break asks anew.
 */
import type { InboxRow, ServerFrame } from '../../protocol/frames.js'
import { copyInbox } from '../copies.js'
import { learnPeople } from '../people.js'
import { summarised, unreadOf } from '../receipts.js'
import type { ConversationState } from '../state.js'
import { heard } from '../timeline/live.js'
import { never, timing } from '../timing.js'
import { conversationOf, nextNumber, onlineLink, put, say, type Turn } from '../turn.js'
import { type Book, itemOf, itemsOf, withItem, withoutItem } from './book.js'
import type { InboxItemState, InboxState } from './inbox-state.js'

type InboxFrame = Extract<ServerFrame, { type: 'inbox' }>

/** Asks for what is new since the cursor, or for everything. */
export function askInbox(turn: Turn, cursor = turn.state.inbox.cursor): void {
  const { session, inbox } = turn.state
  if (session.phase !== 'online' || !session.features.includes('inbox')) return
  const request = nextNumber(turn)
  turn.state.inbox = { ...inbox, request, cursor, deadlineMs: turn.env.nowMs + timing.requestMs, retryAtMs: never }
  say(turn, { type: 'inbox', request, ...(cursor === '' ? {} : { cursor }) })
}

export function inboxFrame(turn: Turn, frame: InboxFrame): void {
  const { inbox } = turn.state
  if (frame.request === undefined) {
    if (inbox.request !== 0) return
    if (frame.prev !== inbox.cursor) return askInbox(turn)
  } else if (frame.request !== inbox.request) return
  let { book } = inbox
  const anew = frame.prev === undefined
  const unnamed = anew ? new Set(itemsOf(book).map(({ id }) => id)) : inbox.unnamed ? new Set(inbox.unnamed) : null
  for (const row of frame.rows) {
    learnPeople(turn, row.people)
    unnamed?.delete(row.conversation)
    book = withRow(turn, book, row)
  }
  for (const id of frame.gone) if (!conversationOf(turn, id)) book = withoutItem(book, id)
  if (!frame.more) for (const id of unnamed ?? []) if (!conversationOf(turn, id)) book = withoutItem(book, id)
  const answered = frame.request !== undefined
  turn.state.inbox = {
    ...inbox,
    state: frame.more ? inbox.state : 'ready',
    book,
    cursor: frame.next,
    request: answered ? 0 : inbox.request,
    deadlineMs: never,
    unnamed: frame.more ? unnamed : null,
  }
  if (frame.more) askInbox(turn, frame.next)
}

/** A summary: it stands where the conversation is not held, and tells the log of a head it has not seen. */
function withRow(turn: Turn, book: Book<InboxItemState>, row: InboxRow): Book<InboxItemState> {
  const held = conversationOf(turn, row.conversation)
  if (held?.log.state === 'gone') put(turn, { ...held, log: { ...held.log, state: 'ready' } })
  else if (held && held.log.epoch === row.epoch) summarised(turn, heard(turn, held, row.head), row)
  const old = itemOf(book, row.conversation)
  // Summarised is known, and known is delivered (R23).
  if (!held && row.unread.count > 0 && (row.last?.seq ?? 0) > (old?.last?.seq ?? 0)) {
    say(turn, { type: 'receipt', conversation: row.conversation, epoch: row.epoch, delivered: row.head })
  }
  if (held?.log.liveOn || (old && old.rev > row.rev)) return book
  const { conversation: id, rev, profile, unread, last, people } = row
  const names = people.map(({ user }) => user)
  return withItem(book, {
    id,
    at: last?.at ?? old?.at ?? 0,
    unread: unread.count,
    more: unread.more,
    rev,
    profile,
    people: names,
    last,
    pending: undefined,
    receipts: undefined,
  })
}

/** A conversation in memory has changed: its item follows from log, outbox and watermarks. */
export function inboxFollows(turn: Turn, conversation: ConversationState): void {
  const { log, entries, id } = conversation
  if (log.state === 'gone') {
    turn.state.inbox = { ...turn.state.inbox, book: withoutItem(turn.state.inbox.book, id) }
    return
  }
  const pending = entries.findLast((entry) => !entry.voiding && entry.arm.kind !== 'failed')
  if (log.state !== 'ready' || (log.epoch === '' && !pending)) return
  const { inbox } = turn.state
  const old = itemOf(inbox.book, id)
  const last = log.tail.rows[log.tail.rows.length - 1] ?? old?.last
  const unread = log.epoch === '' ? { count: old?.unread ?? 0, more: old?.more ?? false } : unreadOf(conversation, turn.state.config.user)
  const profile = log.epoch === '' ? (old?.profile ?? log.profile) : log.profile
  const at = Math.max(last?.at ?? 0, pending?.at ?? 0)
  const { marks } = conversation.receipts
  const mine = !pending && last?.author === turn.state.config.user
  const receipts = mine ? { members: log.members, memberCount: log.memberCount, marks } : undefined
  if (old && old.last === last && old.pending === pending && old.unread === unread.count && old.more === unread.more) {
    if (old.profile === profile && old.receipts?.marks === receipts?.marks && old.receipts?.members === receipts?.members) return
  }
  const people = log.members.length > 0 ? log.members.slice(0, 8).map(({ user }) => user) : (old?.people ?? [])
  const { count, more } = unread
  const item: InboxItemState = { id, at, unread: count, more, rev: old?.rev ?? 0, profile, people, last, pending, receipts }
  const next = copyInbox(inbox)
  next.book = withItem(inbox.book, item)
  turn.state.inbox = next
}

export function inboxLinkLost(turn: Turn): void {
  const { inbox } = turn.state
  if (inbox.state !== 'ready' && inbox.request === 0 && inbox.retryAtMs === never) return
  turn.state.inbox = {
    ...inbox,
    state: inbox.state === 'ready' ? 'stale' : inbox.state,
    request: 0,
    deadlineMs: never,
    retryAtMs: never,
    unnamed: null,
  }
}

export function inboxFailed(turn: Turn, request: number, retryAfterMs: number): boolean {
  const { inbox } = turn.state
  if (inbox.request !== request || request === 0) return false
  const retryAtMs = turn.env.nowMs + Math.max(retryAfterMs, timing.retryRequestMs)
  turn.state.inbox = { ...inbox, request: 0, deadlineMs: never, retryAtMs }
  return true
}

export function inboxTick(turn: Turn): void {
  const { inbox } = turn.state
  const { nowMs } = turn.env
  if (nowMs >= inbox.deadlineMs) inboxFailed(turn, inbox.request, 0)
  else if (nowMs >= inbox.retryAtMs && onlineLink(turn) !== 0) askInbox(turn)
}

export function inboxWakeAt({ deadlineMs, retryAtMs }: InboxState): number {
  return Math.min(deadlineMs, retryAtMs)
}
