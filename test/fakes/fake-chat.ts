/**
 * A hand-made chat for tests of what stands on top of the client. Its Readables keep the contract (run at once, then at most
 * once per microtask, only after a change) and count their subscribers; its verbs and its network are recorded.
 */
import type { Chat, Conversation, Details, Inbox, Message, Readable, Session, View } from '../../src/client/api.js'

export interface FakeValue<T> extends Readable<T> {
  set(value: T): void
  readonly subscribers: () => number
}

export function fakeValue<T>(first: T): FakeValue<T> {
  const runs = new Set<{ run: (value: T) => void }>()
  let value = first
  let told = first
  let scheduled = false
  const flush = (): void => {
    scheduled = false
    if (Object.is(told, value)) return
    told = value
    for (const each of [...runs]) if (runs.has(each)) each.run(value)
  }
  return {
    get: () => value,
    set: (next) => {
      value = next
      if (!scheduled) queueMicrotask(flush)
      scheduled = true
    },
    subscribe: (run) => {
      const each = { run }
      runs.add(each)
      run(value)
      return () => void runs.delete(each)
    },
    subscribers: () => runs.size,
  }
}

export interface FakeConversation extends Conversation {
  readonly timeline: FakeValue<View>
  readonly typing: FakeValue<readonly string[]>
  readonly details: FakeValue<Details>
}

export interface FakeChat extends Chat {
  readonly session: FakeValue<Session>
  readonly inbox: FakeValue<Inbox> & Chat['inbox']
  conversation(id: string): FakeConversation
  /** Every call of a verb and every `connect`, in order. */
  readonly calls: string[]
}

const loading: View = { messages: [], gaps: [], hasOlder: false, hasNewer: false, atLatest: false, state: 'loading' }
export const viewOf = (...texts: string[]): View => ({ ...loading, atLatest: true, state: 'ready', messages: texts.map(messageOf) })
const messageOf = (text: string): Message => ({
  key: text,
  author: 'ben',
  mine: false,
  at: 0,
  content: { text },
  status: 'sent',
  finality: 'final',
})

/** An inbox that is known from its unread alone. */
export const listOf = (unread: number): Inbox => ({ items: [], hasMore: false, unread, unreadMore: false, state: 'ready' })

export function fakeChat(user = 'ana'): FakeChat {
  const calls: string[] = []
  const talks = new Map<string, FakeConversation>()
  const never = (): never => {
    throw new Error('A binding called what is not its to call.')
  }
  return {
    user,
    calls,
    session: fakeValue<Session>({ phase: 'idle' }),
    inbox: { ...fakeValue(listOf(0)), loadMore: () => void calls.push('loadMore') },
    outbox: fakeValue([]),
    storage: fakeValue({ kind: 'memory', cacheBytes: 0 }),
    connect: () => void calls.push('connect'),
    conversation: (id) => {
      const talk = talks.get(id) ?? fakeConversation(id, calls)
      talks.set(id, talk)
      return talk
    },
    settled: never,
    on: never,
    close: never,
    logout: never,
  }
}

function fakeConversation(id: string, calls: string[]): FakeConversation {
  const verb =
    (name: string) =>
    (...args: unknown[]): void =>
      void calls.push([id, name, ...args.map((arg) => JSON.stringify(arg))].join(' '))
  const later = (name: string) => async (): Promise<void> => verb(name)()
  return {
    id,
    timeline: fakeValue(loading),
    typing: fakeValue<readonly string[]>([]),
    details: fakeValue<Details>({ profile: {}, members: [], memberCount: 0, people: new Map(), marks: new Map() }),
    send: (content) => {
      verb('send')(content)
      return 'local-1'
    },
    retry: verb('retry'),
    discard: verb('discard'),
    markRead: verb('markRead'),
    markUnread: verb('markUnread'),
    setTyping: verb('setTyping'),
    loadOlder: later('loadOlder'),
    loadNewer: later('loadNewer'),
    jumpTo: later('jumpTo'),
    jumpToLatest: later('jumpToLatest'),
  }
}
