/**
 * Svelte 4 and later. Every function returns a store, which a `Readable` is already; it subscribes with the first `$store`
 * and ends with the last. Until its component is mounted, which is never on a server, it shows the blank snapshot. None connects; the application calls `chat.connect()`.
 */
import { getContext, onMount, setContext } from 'svelte'
import { blankSession } from '../bindings/blank.js'
import { type ConversationState, conversationSource, type Source } from '../bindings/conversation-state.js'
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
  const store = storeMaker(selector, isEqual)
  const at = (one: string): Readable<Selected> => store(conversationSource(chat.conversation(one)))
  return typeof id === 'string' ? at(id) : switched(id, at)
}

/** The list of conversations with their unread counts and the verb for more, or what `selector` picks of it. */
export function useInbox<Content = unknown>(): Readable<InboxState<Content>>
export function useInbox<Selected, Content = unknown>(
  selector: Selector<InboxState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Readable<Selected>
export function useInbox<Selected>(selector: Selector<InboxState, Selected> = whole, isEqual?: IsEqual<Selected>): Readable<Selected> {
  return storeMaker(selector, isEqual)(inboxSource(getChat().inbox))
}

/** The state of the connection, or what `selector` picks of it. */
export function useSession(): Readable<Session>
export function useSession<Selected>(selector: Selector<Session, Selected>, isEqual?: IsEqual<Selected>): Readable<Selected>
export function useSession<Selected>(selector: Selector<Session, Selected> = whole, isEqual?: IsEqual<Selected>): Readable<Selected> {
  return storeMaker(selector, isEqual)({ ...getChat().session, blank: blankSession })
}

/**
 * Makes the stores of one component. A server subscribes to every `$store` for one value, which would open the device's storage,
 * and a page takes its markup over: both see the blank value, and the page follows from then on.
 */
function storeMaker<T, Selected>(selector: Selector<T, Selected>, isEqual?: IsEqual<Selected>): (source: Source<T>) => Readable<Selected> {
  const starts = new Set<() => void>()
  let isMounted = false
  const mounted = () => {
    isMounted = true
    for (const start of starts) start()
  }
  // Never on a server, whichever build of Svelte runs there.
  if (typeof window !== 'undefined') onMount(mounted)
  return (source) => {
    const { get, subscribe } = select(source, selector, isEqual)
    const blank = selector(source.blank)
    return {
      get: () => (isMounted ? get() : blank),
      subscribe(run) {
        if (isMounted) return subscribe(run)
        let end = (): void => {}
        const start = (): void => {
          end = subscribe(run)
        }
        starts.add(start)
        run(blank)
        return () => {
          starts.delete(start)
          end()
        }
      },
    }
  }
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
