/** Session, inbox, outbox and details as the application sees them: derived from the state, the same object while equal. */
import { itemOf } from '../core/inbox/book.js'
import type { InboxItemState } from '../core/inbox/inbox-state.js'
import type { Entry } from '../core/outbox/entry.js'
import type { ChatState, ConversationState } from '../core/state.js'
import type { SessionState } from '../core/session-state.js'
import type { Profile } from '../protocol/frames.js'
import type { Details, Inbox, InboxItem, OutboxEntry, Session } from './api.js'
import type { StandardSchema } from './content.js'
import { failure } from './failure.js'
import { levelsOf, noLevels } from './status.js'
import { pendingMessage, pendingStatus, toMessage } from './view.js'

/** Remembers the last result for the last inputs. */
function remembered<Inputs extends readonly unknown[], T>(make: (...inputs: Inputs) => T): (...inputs: Inputs) => T {
  let last: { readonly inputs: Inputs; readonly made: T } | null = null
  return (...inputs) => {
    if (last && inputs.every((input, i) => input === (last as { inputs: Inputs }).inputs[i])) return last.made
    last = { inputs, made: make(...inputs) }
    return last.made
  }
}

export function sessionMaker(transport: string): (session: SessionState) => Session {
  let last: Session = { phase: 'idle' }
  const make = (session: SessionState): Session => {
    switch (session.phase) {
      case 'connecting':
        return { phase: 'connecting', attempt: session.attempt }
      case 'online':
        return { phase: 'online', transport, features: session.features }
      case 'waiting':
        return { phase: 'waiting', attempt: session.attempt, retryInMs: Math.max(0, session.untilMs - session.sinceMs), why: session.why }
      case 'refused':
        return { phase: 'refused', code: session.code }
      default:
        return { phase: session.phase }
    }
  }
  return remembered((session: SessionState) => {
    const next = make(session)
    if (sameFields(last, next)) return last
    last = next
    return next
  })
}

function sameFields(a: object, b: object): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key as never] === b[key as never])
}

export function outboxMaker<C>(): (state: ChatState) => readonly OutboxEntry<C>[] {
  const known = new WeakMap<Entry, OutboxEntry<C>>()
  let last: readonly OutboxEntry<C>[] = []
  return (state) => {
    const onDisk = state.storage?.kind === 'disk'
    const next = state.conversations
      .flatMap(({ entries }) => entries)
      .map((entry) => {
        const made = known.get(entry)
        if (made && made.durable === (onDisk && entry.stored)) return made
        const { arm, localId, conversation, content, attempts, stored } = entry
        const error = arm.kind === 'failed' ? { error: failure(arm.code) } : {}
        const shown = {
          localId,
          conversation,
          content: content as C,
          status: pendingStatus(entry),
          durable: onDisk && stored,
          attempts,
          ...error,
        }
        known.set(entry, shown)
        return shown
      })
    if (next.length !== last.length || next.some((entry, i) => entry !== last[i])) last = next
    return last
  }
}

/** The list as far as it has been asked for; items keep their object while equal. */
export function inboxMaker<C>(user: string, schema: StandardSchema<C> | undefined): (state: ChatState, shown: number) => Inbox<C> {
  let known = new WeakMap<readonly InboxItemState[], readonly InboxItem<C>[]>()
  let items = new WeakMap<InboxItemState, InboxItem<C>>()
  let named: ChatState['people'] | null = null
  const make = remembered((inbox: ChatState['inbox'], people: ChatState['people'], shown: number): Inbox<C> => {
    const list: InboxItem<C>[] = []
    if (people !== named) {
      named = people
      known = new WeakMap()
      items = new WeakMap()
    }
    for (const chunk of inbox.book.chunks) {
      if (list.length >= shown) break
      let made = known.get(chunk)
      if (!made) {
        made = chunk.map((item) => items.get(item) ?? toItem(item, people, user, schema))
        for (const [i, item] of chunk.entries()) items.set(item, made[i] as InboxItem<C>)
        known.set(chunk, made)
      }
      for (const item of made) if (list.length < shown) list.push(item)
    }
    const { unread, inexact, size } = inbox.book
    return { items: list, hasMore: size > list.length, unread, unreadMore: inexact > 0, state: inbox.state }
  })
  return (state, shown) => make(state.inbox, state.people, shown)
}

function toItem<C>(
  item: InboxItemState,
  people: ReadonlyMap<string, Profile>,
  user: string,
  schema: StandardSchema<C> | undefined,
): InboxItem<C> {
  const named = item.people.flatMap((id) => (people.has(id) ? [[id, people.get(id) as Profile] as const] : []))
  const last = item.pending
    ? pendingMessage<C>(item.pending, user, schema)
    : item.last && toMessage(item.last, item.receipts ? levelsOf(item.receipts, user) : noLevels, user, schema)
  const { id: conversation, profile, unread, more } = item
  return { conversation, profile, people: new Map(named), ...(last ? { last } : {}), unread, unreadMore: more }
}

export function detailsMaker(): (conversation: ConversationState | undefined, state: ChatState, id: string) => Details {
  const make = remembered(
    (
      profile: Profile,
      members: readonly { readonly user: string }[],
      memberCount: number,
      marks: Details['marks'],
      people: ReadonlyMap<string, Profile>,
    ): Details => {
      const users = members.map(({ user }) => user)
      const named = users.flatMap((user) => (people.has(user) ? [[user, people.get(user) as Profile] as const] : []))
      return { profile, members: users, memberCount, people: new Map(named), marks }
    },
  )
  return (conversation, state, id) => {
    if (conversation && conversation.log.epoch !== '') {
      const { log, receipts } = conversation
      return make(log.profile, log.members, log.memberCount, receipts.marks, state.people)
    }
    const item = itemOf(state.inbox.book, id)
    return make(item?.profile ?? noProfile, noMembers, 0, noMarks, state.people)
  }
}

const noProfile: Profile = {}
const noMembers: readonly { readonly user: string }[] = []
const noMarks: Details['marks'] = new Map()
