/**
 * Svelte 4 and later. Every function returns a store, which a `Readable` is already; it subscribes with the first `$store`
 * and ends with the last, and does no I/O on a server. None connects; the application calls `chat.connect()`.
 */
import { getContext, setContext } from 'svelte'
import { type ConversationState, conversationSource } from '../bindings/conversation-state.js'
import { type InboxState, inboxSource } from '../bindings/inbox-state.js'
import { type IsEqual, type Selector, select, whole } from '../bindings/select.js'
import type { Chat, Readable, Session } from '../client/api.js'

export type { ConversationState, InboxState, IsEqual, Selector }

/** A store of ids, so that one component can switch: `writable('c1')`, or `toStore(() => id)` with runes. */
export interface IdStore {
  subscribe(run: (id: string) => void): () => void
}

const key = Symbol.for('chatloom')

/** Hands a chat to the components below this one; call it while the component is set up. Does not connect it and does not close it. */
export function setChat<Content>(chat: Chat<Content>): Chat<Content> {
  return setContext(key, chat)
}

/** The chat of the nearest `setChat`. Throws where there is none. */
export function getChat<Content = unknown>(): Chat<Content> {
  const chat = getContext<Chat<Content> | undefined>(key)
  if (!chat) throw new Error('No chat was found, because no parent component called setChat. Call setChat(chat) in the root component.')
  return chat
}

/**
 * One conversation: its view, typing, details and verbs, or what `selector` picks of them. Changes only when that differs
 * by `isEqual`. Follows the conversation while subscribed, and another one when the store `id` changes.
 */
export function useConversation<Content = unknown>(id: string | IdStore): Readable<ConversationState<Content>>
export function useConversation<Selected, Content = unknown>(
  id: string | IdStore,
  selector: Selector<ConversationState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Readable<Selected>
export function useConversation<Selected>(
  id: string | IdStore,
  selector: Selector<ConversationState, Selected> = whole,
  isEqual?: IsEqual<Selected>,
): Readable<Selected> {
  const chat = getChat()
  const at = (one: string): Readable<Selected> => store(select(conversationSource(chat.conversation(one)), selector, isEqual))
  return typeof id === 'string' ? at(id) : switched(id, at)
}

/** The list of conversations with their unread counts and the verb for more, or what `selector` picks of it. */
export function useInbox<Content = unknown>(): Readable<InboxState<Content>>
export function useInbox<Selected, Content = unknown>(
  selector: Selector<InboxState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Readable<Selected>
export function useInbox<Selected>(selector: Selector<InboxState, Selected> = whole, isEqual?: IsEqual<Selected>): Readable<Selected> {
  return store(select(inboxSource(getChat().inbox), selector, isEqual))
}

/** The state of the connection, or what `selector` picks of it. */
export function useSession(): Readable<Session>
export function useSession<Selected>(selector: Selector<Session, Selected>, isEqual?: IsEqual<Selected>): Readable<Selected>
export function useSession<Selected>(selector: Selector<Session, Selected> = whole, isEqual?: IsEqual<Selected>): Readable<Selected> {
  return store(select(getChat().session, selector, isEqual))
}

// Server rendering subscribes to every `$store` for one value, which would open the device's storage.
function store<T>(source: Readable<T>): Readable<T> {
  if (typeof window !== 'undefined') return source
  const once = (run: (value: T) => void): (() => void) => {
    run(source.get())
    return () => {}
  }
  return { get: source.get, subscribe: once }
}

function switched<T>(id: IdStore, at: (id: string) => Readable<T>): Readable<T> {
  const subscribe = (run: (value: T) => void): (() => void) => {
    let end = (): void => {}
    const endId = id.subscribe((now) => {
      end()
      end = at(now).subscribe(run)
    })
    return () => {
      endId()
      end()
    }
  }
  const get = (): T => {
    let now = ''
    id.subscribe((one) => (now = one))()
    return at(now).get()
  }
  return { get, subscribe }
}
