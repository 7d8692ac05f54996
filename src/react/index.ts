'use client'
/**
 * React 18 and later. Every hook is one `useSyncExternalStore`: it subscribes after the commit, renders only when what it
 * selects differs, and shows the blank snapshot on a server. No hook connects; the application calls `chat.connect()`.
 */
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react'
import { blankSession } from '../bindings/blank.js'
import { type ConversationState, conversationSource } from '../bindings/conversation-state.js'
import { type InboxState, inboxSource } from '../bindings/inbox-state.js'
import { type IsEqual, type Selector, selecting, whole } from '../bindings/select.js'
import type { Chat, Readable, Session } from '../client/api.js'

export type { ConversationState, InboxState, IsEqual, Selector }

const Context = createContext<Chat | null>(null)

/** Hands a chat to every hook below it. Does not connect it and does not close it. */
export function ChatProvider<Content>(props: { readonly chat: Chat<Content>; readonly children?: ReactNode }): ReactElement {
  return createElement(Context.Provider, { value: props.chat as Chat }, props.children)
}

/** The chat of the nearest `ChatProvider`. Throws where there is none. */
export function useChat<Content = unknown>(): Chat<Content> {
  const chat = useContext(Context)
  if (!chat)
    throw new Error('No chat was found, because no ChatProvider stands above this component. Wrap it in <ChatProvider chat={chat}>.')
  return chat as Chat<Content>
}

/**
 * One conversation: its view, typing, details and verbs, or what `selector` picks of them. Renders only when that differs
 * by `isEqual`. Follows the conversation while mounted.
 */
export function useConversation<Content = unknown>(id: string): ConversationState<Content>
export function useConversation<Selected, Content = unknown>(
  id: string,
  selector: Selector<ConversationState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Selected
export function useConversation<Selected>(
  id: string,
  selector: Selector<ConversationState, Selected> = whole,
  isEqual?: IsEqual<Selected>,
): Selected {
  const source = conversationSource(useChat().conversation(id))
  return useSelected(source, source.blank, selector, isEqual)
}

/** The list of conversations with their unread counts and the verb for more, or what `selector` picks of it. */
export function useInbox<Content = unknown>(): InboxState<Content>
export function useInbox<Selected, Content = unknown>(
  selector: Selector<InboxState<Content>, Selected>,
  isEqual?: IsEqual<Selected>,
): Selected
export function useInbox<Selected>(selector: Selector<InboxState, Selected> = whole, isEqual?: IsEqual<Selected>): Selected {
  const source = inboxSource(useChat().inbox)
  return useSelected(source, source.blank, selector, isEqual)
}

/** The state of the connection, or what `selector` picks of it. */
export function useSession(): Session
export function useSession<Selected>(selector: Selector<Session, Selected>, isEqual?: IsEqual<Selected>): Selected
export function useSession<Selected>(selector: Selector<Session, Selected> = whole, isEqual?: IsEqual<Selected>): Selected {
  return useSelected(useChat().session, blankSession, selector, isEqual)
}

function useSelected<T, Selected>(
  source: Readable<T>,
  blank: T,
  selector: Selector<T, Selected>,
  isEqual: IsEqual<Selected> = Object.is,
): Selected {
  const shown = useRef<{ readonly value: Selected }>(undefined)
  // A selector written inline is a new one at every render: what is on the screen outlives it where equal.
  const [get, getBlank] = useMemo(
    () => [selecting(source.get, selector, isEqual, shown.current), selecting(() => blank, selector, isEqual, shown.current)],
    [source, blank, selector, isEqual],
  )
  const value = useSyncExternalStore(source.subscribe, get, getBlank)
  useEffect(() => {
    shown.current = { value }
  }, [value])
  return value
}
