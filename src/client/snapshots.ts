/** Session, inbox, outbox and details as the application sees them: derived from the state, the same object while equal. */
import * as bounds from '../core/bounds.js'
import { coldLog } from '../core/conversations.js'
import { itemOf } from '../core/inbox/book.js'
import type { InboxItemState } from '../core/inbox/inbox-state.js'
import type { Entry } from '../core/outbox/entry.js'
import { noReceipts } from '../core/receipts.js'
import type { SessionState } from '../core/session-state.js'
import type { ChatState, ConversationState, Log } from '../core/state.js'
import type { Profile } from '../protocol/frames.js'
import type { Details, Inbox, InboxItem, OutboxEntry, Session } from './api.js'
import { levelsOf, type Messages, noLevels, outcomeOf } from './messages.js'
import { once, remembered, steady } from './remembered.js'

type People = ReadonlyMap<string, Profile>

export function sessionOf(state: SessionState, transport: string): Session {
  const { phase } = state
  if (phase === 'online') return { phase, transport: state.via || transport, features: state.features }
  if (phase === 'refused') return { phase, code: state.code }
  if (phase === 'connecting') return { phase, attempt: state.attempt }
  if (phase !== 'waiting') return { phase }
  return { phase, attempt: state.attempt, retryInMs: Math.max(0, state.dueMs - state.sinceMs), why: state.why }
}

export function outboxMaker<C>(state: () => ChatState): () => readonly OutboxEntry<C>[] {
  const makerFor = remembered((onDisk: boolean) => once((entry: Entry) => entryShown<C>(entry, onDisk)))
  return steady(() => {
    const { conversations, storage } = state()
    return conversations.flatMap(({ entries }) => entries).map(makerFor(storage?.kind === 'disk'))
  })
}

export function entryShown<C>(entry: Entry, onDisk: boolean): OutboxEntry<C> {
  const { localId, conversation, content, attempts, stored } = entry
  return { localId, conversation, content: content as C, durable: onDisk && stored, attempts, ...outcomeOf(entry) }
}

/** The list as far as it has been asked for; items keep their object while equal. */
export function inboxMaker<C>(user: string, messages: Messages<C>): (state: ChatState, shown: number) => Inbox<C> {
  const makerFor = remembered((people: People) => {
    const shown = once((item: InboxItemState) => itemShown(item, people, user, messages))
    return once((chunk: readonly InboxItemState[]) => chunk.map(shown))
  })
  const make = remembered((book: ChatState['inbox']['book'], state: Inbox['state'], people: People, shown: number): Inbox<C> => {
    const items: InboxItem<C>[] = []
    for (const chunk of book.chunks) if (items.length < shown) items.push(...makerFor(people)(chunk))
    items.splice(shown)
    return { items, hasMore: book.size > items.length, unread: book.unread, unreadMore: book.inexact > 0, state }
  })
  return ({ inbox, people }, shown) => make(inbox.book, inbox.state, people, shown)
}

function itemShown<C>(item: InboxItemState, people: People, user: string, { pending, confirmed }: Messages<C>): InboxItem<C> {
  const { id, profile, unread, more } = item
  const last = item.pending
    ? pending(item.pending)
    : item.last && confirmed(item.last, item.receipts ? levelsOf(item.receipts, user) : noLevels)
  return {
    conversation: id,
    profile,
    people: named(item.people.slice(0, bounds.listedPeople), people),
    unread,
    unreadMore: more,
    last,
  }
}

function named(users: readonly { readonly user: string }[], people: People): People {
  const known = new Map<string, Profile>()
  for (const { user } of users) {
    const profile = people.get(user)
    if (profile) known.set(user, profile)
  }
  return known
}

/** From the log, and before it is known from the list. */
export function detailsMaker(id: string): (conversation: ConversationState | undefined, state: ChatState) => Details {
  const make = remembered(
    (profile: Profile, all: Log['members'], memberCount: number, marks: Details['marks'], people: People): Details => {
      const members = all.map(({ user }) => user)
      return { profile, members, memberCount, people: named(all, people), marks }
    },
  )
  return (conversation, { inbox, people }) => {
    const { log, receipts } = conversation ?? { log: coldLog, receipts: noReceipts }
    const { profile, members, memberCount } = log.epoch ? log : { ...coldLog, ...itemOf(inbox.book, id) }
    return make(profile, members, memberCount, receipts.marks, people)
  }
}
